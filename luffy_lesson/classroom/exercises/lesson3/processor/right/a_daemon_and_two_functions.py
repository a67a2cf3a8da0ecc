import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend, self.stopping = backend, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            if self.stopping.is_set():
                break
            try:
                self.one(self.backend.get(True, 0.2))
            except queue.Empty:
                pass

    def one(self, job):
        try:
            job.perform()
        except BaseException:
            pass
        self.backend.task_done()

    def stop(self):
        self.stopping.set()
        while self.thread.is_alive():
            self.thread.join(0.1)
