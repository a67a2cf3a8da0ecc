# must fail at: a job that has raised gives its place back
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.places = {}

    def __call__(self, job, perform):
        places = self.places.setdefault(job.worker, threading.Semaphore(self.most))
        if not places.acquire(blocking=False):
            job.worker.perform_in(1, *job.args)
            return
        try:
            result = perform()
        except Exception:
            places.release()
            raise
        places.release()
        return result
