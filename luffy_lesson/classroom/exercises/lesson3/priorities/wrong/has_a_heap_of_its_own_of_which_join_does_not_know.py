# must fail at: is a backend: processors take the jobs, and `join()` ends
import heapq
import itertools
import queue
import time


class TwoPriorities(queue.Queue):
    numbers = itertools.count()

    def __init__(self):
        super().__init__()
        self.heap = []

    def put(self, job):
        urgent = getattr(job.worker, "urgent", False)
        heapq.heappush(self.heap, (not urgent, next(self.numbers), job))

    def get(self, block=True, timeout=None):
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while not self.heap:
            if not block or time.monotonic() > deadline:
                raise queue.Empty
            time.sleep(0.01)
        return heapq.heappop(self.heap)[-1]
