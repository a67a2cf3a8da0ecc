# must fail at: no more than the places when many come at once
import threading
from collections import defaultdict


class AtMost:
    def __init__(self, most):
        self.places = defaultdict(lambda: threading.Semaphore(most))

    def __call__(self, job, perform):
        places = self.places[job.worker]
        if not places.acquire(blocking=False):
            job.worker.perform_in(1, *job.args)
            return
        try:
            return perform()
        finally:
            places.release()
