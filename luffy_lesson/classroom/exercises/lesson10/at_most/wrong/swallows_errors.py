# must fail at: lets out what the job raises
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
            return perform()
        except Exception:
            job.worker.perform_in(1, *job.args)
        finally:
            places.release()
