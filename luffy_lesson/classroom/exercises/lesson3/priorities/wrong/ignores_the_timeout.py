# must fail at: raises `queue.Empty` when nothing comes in time
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        # The number keeps the order of equals. Without it, Python would compare the jobs.
        super().put((not urgent, next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return super().get(block)[-1]
