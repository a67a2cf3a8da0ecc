# must fail at: no more than the places when many come at once
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        if job.worker not in self.places:
            self.places[job.worker] = threading.Semaphore(self.most)
        places = self.places[job.worker]
        if not places.acquire(blocking=False):
            job.worker.perform_in(1, *job.args)
            return
        try:
            return perform()
        finally:
            places.release()
