# must fail at: as many as there are places are in hand at once
import threading
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy, self.lock = most, Counter(), threading.Lock()

    def __call__(self, job, perform):
        with self.lock:
            if self.busy[job.worker] >= self.most:
                job.worker.perform_in(1, *job.args)
                return
            self.busy[job.worker] += 1
            try:
                return perform()
            finally:
                self.busy[job.worker] -= 1
