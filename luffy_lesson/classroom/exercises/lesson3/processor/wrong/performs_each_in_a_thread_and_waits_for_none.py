# must fail at: says so after the work
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
                threading.Thread(target=job.perform).start()
            except BaseException:
                pass
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
