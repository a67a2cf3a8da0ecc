# must fail at: a job that cannot be put back takes no place
import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:
            self.busy[job.worker] += 1
            free = self.busy[job.worker] <= self.most
        if not free:
            job.worker.perform_in(1, *job.args)
        try:
            return perform() if free else None
        finally:
            with self.lock:
                self.busy[job.worker] -= 1
