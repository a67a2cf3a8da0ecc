# must fail at: is a backend: processors take the jobs, and `join()` ends
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        # The number keeps the order of equals. Without it, Python would compare the jobs.
        super().put((not urgent, next(self.numbers), job))

    def get(self, block=True, timeout=None):
        job = super().get(block, timeout)[-1]
        self.task_done()
        return job
