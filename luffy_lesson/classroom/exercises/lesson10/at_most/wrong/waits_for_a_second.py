# must fail at: the next one is not performed, and nobody waits
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.Semaphore(self.most))
        if not places.acquire(timeout=1):
            job.worker.perform_in(1, *job.args)
            return
        try:
            return perform()
        finally:
            places.release()
