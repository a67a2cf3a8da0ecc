# must fail at: takes no more jobs after that
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while True:
            try:
                job = self.backend.get(timeout=0.1)
            except queue.Empty:
                if self.stopping.is_set():
                    return
                continue
            if self.stopping.is_set():
                self.backend.put(job)
                self.backend.task_done()
                return
            try:
                job.perform()
            except BaseException:
                pass
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
