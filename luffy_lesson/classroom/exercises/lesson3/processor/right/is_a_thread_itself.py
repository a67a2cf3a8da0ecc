import queue
import threading


class MyProcessor(threading.Thread):
    def __init__(self, backend):
        super().__init__()
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = self

    def run(self):
        while not self.stopping.is_set():
            try:
                job = self.backend.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                job.worker.perform_now(*job.args)
            except (Exception, SystemExit, KeyboardInterrupt, GeneratorExit) as error:
                print(type(error).__name__)
            self.backend.task_done()

    def stop(self):
        self.stopping.set()
        while self.is_alive():
            self.join(30)
