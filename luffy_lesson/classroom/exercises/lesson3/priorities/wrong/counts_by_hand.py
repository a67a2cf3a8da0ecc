# must fail at: keeps it when many put at once
import queue
import time


class TwoPriorities(queue.PriorityQueue):
    number = 0

    def put(self, job):
        number = self.number
        time.sleep(0)  # another thread may go on here
        super().put((not getattr(job.worker, "urgent", False), number, job))
        self.number = number + 1

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
