import queue
import threading
from collections import defaultdict


class AtMost:
    def __init__(self, most):
        self.lock = threading.Lock()
        self.tokens = defaultdict(lambda: self.full(most))

    def full(self, most):
        tokens = queue.SimpleQueue()
        for number in range(most):
            tokens.put(number)
        return tokens

    def __call__(self, job, perform):
        with self.lock:
            tokens = self.tokens[job.worker]
        try:
            token = tokens.get_nowait()
        except queue.Empty:
            job.worker.perform_in(1, *job.args)
            return None
        try:
            return perform()
        finally:
            tokens.put(token)
