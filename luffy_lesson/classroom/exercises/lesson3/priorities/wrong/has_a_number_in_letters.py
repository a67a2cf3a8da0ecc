# must fail at: keeps the order of equally urgent ones
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), str(next(self.numbers)), job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
