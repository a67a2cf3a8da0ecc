import contextlib
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for job in iter(self.next, None):
            with contextlib.suppress(BaseException):
                job.perform()
            self.backend.task_done()

    def next(self):
        while not self.stopping.is_set():
            with contextlib.suppress(queue.Empty):
                return self.backend.get(True, 0.05)

    def stop(self):
        self.stopping.set()
        self.thread.join()
