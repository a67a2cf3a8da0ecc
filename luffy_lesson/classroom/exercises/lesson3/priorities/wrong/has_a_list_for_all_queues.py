# must fail at: has jobs of its own
import itertools
import queue


class TwoPriorities(queue.PriorityQueue):
    numbers = itertools.count()
    waiting = queue.PriorityQueue()

    def put(self, job):
        self.waiting.put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return self.waiting.get(block, timeout)[-1]
