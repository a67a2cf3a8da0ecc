# must fail at: hands out what is urgent first
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        # The number keeps the order of equals. Without it, Python would compare the jobs.
        super().put((next(self.numbers), not urgent, job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
