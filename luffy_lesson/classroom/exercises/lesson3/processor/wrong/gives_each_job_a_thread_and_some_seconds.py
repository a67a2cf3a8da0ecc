# must fail at: `stop()` lets the job in hand finish, and waits for it
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
            at_work = threading.Thread(target=job.perform)
            at_work.start()
            at_work.join(10)
            self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
