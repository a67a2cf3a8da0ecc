# must fail at: performs the job that waits
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            job = self.backend.get(timeout=0.1)
            try:
                job.perform()
            except Exception as error:
                print(f"{job} failed: {error}")
            finally:
                self.backend.task_done()

    def stop(self):
        self.stopping.set()
        self.thread.join()
