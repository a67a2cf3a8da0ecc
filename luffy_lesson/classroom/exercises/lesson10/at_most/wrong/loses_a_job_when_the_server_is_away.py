# must fail at: a job that cannot be put back takes no place
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.Semaphore(self.most))
        if not places.acquire(blocking=False):
            try:
                job.worker.perform_in(1, *job.args)
            except Exception:
                pass
            return
        try:
            return perform()
        finally:
            places.release()
