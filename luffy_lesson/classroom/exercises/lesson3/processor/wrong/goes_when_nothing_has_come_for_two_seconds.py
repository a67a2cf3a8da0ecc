# must fail at: performs the job that waits
import queue
import threading
import time


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        last = time.monotonic()
        while not self.stopping.is_set() and time.monotonic() - last < 2:
            try:
                job = self.backend.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                job.perform()
            except BaseException as error:
                print(error)
            self.backend.task_done()
            last = time.monotonic()

    def stop(self):
        self.stopping.set()
        self.thread.join()
