# must fail at: as many as there are places are in hand at once
import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:
            self.busy[job.worker] += 1
            free = self.busy[job.worker] < self.most
        try:
            if free:
                return perform()
            job.worker.perform_in(1, *job.args)
        finally:
            with self.lock:
                self.busy[job.worker] -= 1
