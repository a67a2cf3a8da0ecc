# must fail at: does not wait with `block=False`
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return super().get(timeout=timeout)[-1]
