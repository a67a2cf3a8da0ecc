# must fail at: goes on after a job that raises, or that calls `sys.exit`
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
            except queue.Empty:
                continue
            try:
                job.perform()
            except BaseException:
                job.perform()
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
