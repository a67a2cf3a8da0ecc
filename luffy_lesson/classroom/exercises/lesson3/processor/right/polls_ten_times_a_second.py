import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.wait(0.1):
            while not self.stopping.is_set():
                try:
                    job = self.backend.get_nowait()
                except queue.Empty:
                    break
                try:
                    job.perform()
                except BaseException:
                    pass
                finally:
                    self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
