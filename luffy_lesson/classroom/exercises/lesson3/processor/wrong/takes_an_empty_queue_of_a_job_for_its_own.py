# must fail at: says of the failed job that it is done, too
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            try:
                job = self.backend.get(timeout=0.1)
                job.perform()
                self.backend.task_done()
            except queue.Empty:
                continue
            except BaseException:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
