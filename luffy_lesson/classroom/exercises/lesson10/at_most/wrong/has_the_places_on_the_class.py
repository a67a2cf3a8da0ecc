# must fail at: each limit has places of its own
import threading
from collections import Counter


class AtMost:
    busy = Counter()
    lock = threading.Lock()

    def __init__(self, most):
        self.most = most

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
            with self.lock:
                self.busy[job.worker] -= 1
