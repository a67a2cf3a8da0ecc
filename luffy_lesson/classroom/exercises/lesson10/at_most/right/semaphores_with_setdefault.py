import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.BoundedSemaphore(self.most))
        if places.acquire(blocking=False):
            try:
                return perform(job)
            finally:
                places.release()
        job.worker.perform_in(1, *job.args)
