# must fail at: hands out the job that was put in
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        # The number keeps the order of equals. Without it, Python would compare the jobs.
        super().put((not urgent, next(self.numbers), job))

    def get(self):
        return super().get()[-1]
