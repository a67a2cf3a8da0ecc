import queue


class TwoPriorities(queue.Queue):
    def __init__(self):
        super().__init__()
        self.first = []

    def put(self, job):
        if getattr(job.worker, "urgent", False):
            self.first.append(job)
            job = None  # somebody who waits is woken up
        super().put(job)

    def get(self, block=True, timeout=None):
        job = super().get(block, timeout)
        with self.mutex:
            if not self.first:
                return job
            if job is not None:
                self.queue.appendleft(job)
            else:
                return self.first.pop(0)
            self.queue.remove(None)
            return self.first.pop(0)
