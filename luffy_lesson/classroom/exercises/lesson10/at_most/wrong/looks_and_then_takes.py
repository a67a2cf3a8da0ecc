# must fail at: no more than the places when many come at once
from collections import Counter


class AtMost:
    def __init__(self, most):
        self.most, self.busy = most, Counter()

    def __call__(self, job, perform):
        if self.busy[job.worker] >= self.most:
            job.worker.perform_in(1, *job.args)
            return None
        self.busy[job.worker] += 1
        try:
            return perform()
        finally:
            self.busy[job.worker] -= 1
