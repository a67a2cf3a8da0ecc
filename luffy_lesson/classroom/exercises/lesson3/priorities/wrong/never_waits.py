# must fail at: raises `queue.Empty` when nothing comes in time
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return super().get(False)[-1]
