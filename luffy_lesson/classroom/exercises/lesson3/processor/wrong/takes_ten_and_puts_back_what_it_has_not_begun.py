# must fail at: takes no job before it can perform it
import queue
import threading


class MyProcessor:
    def __init__(self, backend):
        self.backend = backend
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            jobs = self.some()
            while jobs and not self.stopping.is_set():
                try:
                    jobs.pop(0).perform()
                except BaseException as error:
                    print(error)
                finally:
                    self.backend.task_done()
            for job in jobs:
                self.backend.put(job)
                self.backend.task_done()

    def some(self):
        jobs = []
        try:
            jobs.append(self.backend.get(timeout=0.1))
            for _ in range(9):
                jobs.append(self.backend.get_nowait())
        except queue.Empty:
            pass
        return jobs

    def stop(self):
        self.stopping.set()
        self.thread.join()
