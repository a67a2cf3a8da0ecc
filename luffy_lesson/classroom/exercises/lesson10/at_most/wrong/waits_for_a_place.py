# must fail at: the next one is not performed, and nobody waits
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        with self.places.setdefault(job.worker, threading.Semaphore(self.most)):
            return perform()
