# must fail at: has `block` and `timeout` in this order
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

    def get(self, timeout=None, block=True):
        return super().get(block, timeout)[-1]
