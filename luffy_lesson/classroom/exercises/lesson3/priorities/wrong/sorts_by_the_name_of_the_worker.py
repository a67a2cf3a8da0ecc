# must fail at: keeps it for many jobs, which come and go
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), job.worker.__name__, next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
