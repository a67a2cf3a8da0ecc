import itertools
import queue


class TwoPriorities:
    def __init__(self):
        self.numbers = itertools.count()
        self.waiting = queue.PriorityQueue()

    def put(self, job):
        self.waiting.put((not getattr(job.worker, "urgent", False), next(self.numbers), job))

    def get(self, block=True, timeout=None):
        return self.waiting.get(block, timeout)[2]

    def task_done(self):
        self.waiting.task_done()

    def qsize(self):
        return self.waiting.qsize()

    def join(self):
        self.waiting.join()
