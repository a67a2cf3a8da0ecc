import contextlib
import threading


class AtMost:
    def __init__(self, most):
        self.most = most
        self.condition = threading.Condition()
        self.busy = []

    @contextlib.contextmanager
    def place(self, worker):
        mine = (worker, object())
        with self.condition:
            has_place = sum(one is worker for one, _ in self.busy) < self.most
            if has_place:
                self.busy.append(mine)
        try:
            yield has_place
        finally:
            with self.condition:
                if has_place:
                    self.busy.remove(mine)

    def __call__(self, job, perform):
        with self.place(job.worker) as has_place:
            if has_place:
                return perform()
            job.worker.perform_in(1, *job.args)
