# must fail at: takes no job before it can perform it
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        jobs = []
        while not self.stopping.is_set() or jobs:
            try:
                jobs.append(self.backend.get(timeout=0.1))
                while len(jobs) < 5:
                    jobs.append(self.backend.get_nowait())
            except queue.Empty:
                pass
            for job in jobs:
                try:
                    job.perform()
                except BaseException:
                    pass
                self.backend.task_done()
            jobs.clear()

    def stop(self):
        self.stopping.set()
        self.thread.join()
