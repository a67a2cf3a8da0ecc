# must fail at: gives each job to one taker only
import queue
import time


class TwoPriorities(queue.Queue):
    def get(self, block=True, timeout=None):
        end = time.monotonic() + (60 if timeout is None else timeout)
        while not self.queue:
            if not block or time.monotonic() >= end:
                raise queue.Empty
            time.sleep(0.01)
        job = next((job for job in self.queue if getattr(job.worker, "urgent", False)), self.queue[0])
        time.sleep(0)
        if job in self.queue:
            self.queue.remove(job)
        return job
