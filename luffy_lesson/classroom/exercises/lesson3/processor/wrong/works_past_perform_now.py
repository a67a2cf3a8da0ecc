# must fail at: performs many jobs, one after another, through `perform_now`
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
                job.worker().perform(*job.args)
            except BaseException:
                pass
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
