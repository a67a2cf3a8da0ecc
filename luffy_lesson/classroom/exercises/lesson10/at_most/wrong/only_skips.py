# must fail at: it is put back, to come again a second later
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.Semaphore(self.most))
        if places.acquire(blocking=False):
            try:
                return perform()
            finally:
                places.release()
