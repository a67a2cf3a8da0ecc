# must fail at: hands out what is urgent first
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()

    def put(self, job):
        super().put((not vars(job.worker).get("urgent", False), next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
