# must fail at: `stop()` lets the job in hand finish, and waits for it
import queue
import threading


class MyProcessor:
    stopping = threading.Event()

    def __init__(self, backend):
        self.backend = backend
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
                pass
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
