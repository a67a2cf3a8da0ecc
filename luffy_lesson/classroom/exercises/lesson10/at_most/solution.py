import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:  # look and take, in one step
            free = self.busy[job.worker] < self.most
            self.busy[job.worker] += free
        if not free:
            job.worker.perform_in(1, *job.args)
            return None
        try:
            return perform()
        finally:  # a job that fails must not keep its place
            with self.lock:
                self.busy[job.worker] -= 1
