# must fail at: all places are free again in the end
import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:
            free = self.busy[job.worker] < self.most
            self.busy[job.worker] += free
        if not free:
            job.worker.perform_in(1, *job.args)
            return None
        try:
            return perform()
        finally:
            self.busy[job.worker] -= 1
