# must fail at: no more than the places when many come at once
import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:
            free = self.busy[job.worker] < self.most
        if not free:
            job.worker.perform_in(1, *job.args)
            return None
        with self.lock:
            self.busy[job.worker] += 1
        try:
            return perform()
        finally:
            with self.lock:
                self.busy[job.worker] -= 1
