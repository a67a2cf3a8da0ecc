# must fail at: does not wait with `block=False`
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        # The number keeps the order of equals. Without it, Python would compare the jobs.
        super().put((not urgent, next(self.numbers), job))

    def get(self, timeout=None):
        return super().get(timeout=timeout)[-1]
