# must fail at: hands out what is urgent first, however many wait
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        ahead = 1000.5 if getattr(job.worker, "urgent", False) else 0
        super().put((next(self.numbers) - ahead, job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[1]
