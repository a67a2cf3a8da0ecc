# must fail at: a job that ends gives one place back
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
            return None
        try:
            return perform()
        finally:
            with self.lock:
                self.busy[job.worker] -= 1
