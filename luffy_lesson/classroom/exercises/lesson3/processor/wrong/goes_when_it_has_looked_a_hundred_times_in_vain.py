# must fail at: performs the job that waits
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        empty = 0
        while not self.stopping.is_set() and empty < 100:
            try:
                job = self.backend.get(timeout=0.1)
            except queue.Empty:
                empty += 1
                continue
            try:
                job.perform()
            except BaseException as error:
                print(error)
            self.backend.task_done()
            empty = 0

    def stop(self):
        self.stopping.set()
        self.thread.join()
