# must fail at: each worker has places of its own
import threading


class AtMost:
    def __init__(self, most):
        self.places = threading.Semaphore(most)

    def __call__(self, job, perform):
        if not self.places.acquire(blocking=False):
            job.worker.perform_in(1, *job.args)
            return
        try:
            return perform()
        finally:
            self.places.release()
