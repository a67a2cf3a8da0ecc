# must fail at: is a backend: processors take the jobs, and `join()` ends
import queue
import time


class TwoPriorities:
    def __init__(self):
        self.urgent, self.usual = [], []

    def put(self, job):
        (self.urgent if getattr(job.worker, "urgent", False) else self.usual).append(job)

    def get(self, block=True, timeout=None):
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            for jobs in (self.urgent, self.usual):
                if jobs:
                    return jobs.pop(0)
            if not block or time.monotonic() > deadline:
                raise queue.Empty
            time.sleep(0.01)

    def qsize(self):
        return len(self.urgent) + len(self.usual)
