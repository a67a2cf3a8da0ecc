# must fail at: takes no more jobs after that
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            job = self.backend.get()
            if job is None:
                self.backend.task_done()
                break
            try:
                job.perform()
            except BaseException:
                pass
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.backend.put(None)
        self.thread.join()
