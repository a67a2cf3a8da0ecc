# must fail at: returns what the job returns
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.Semaphore(self.most))
        if places.acquire(blocking=False):
            try:
                return perform() or None
            finally:
                places.release()
        job.worker.perform_in(1, *job.args)
