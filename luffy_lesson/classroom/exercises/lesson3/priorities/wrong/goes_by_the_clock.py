# must fail at: keeps it when somebody sets the clock back
import queue
import time


class TwoPriorities(queue.PriorityQueue):
    def put(self, job):
        super().put((not getattr(job.worker, "urgent", False), time.time(), job))

    def get(self, block=True, timeout=None):
        return super().get(block, timeout)[-1]
