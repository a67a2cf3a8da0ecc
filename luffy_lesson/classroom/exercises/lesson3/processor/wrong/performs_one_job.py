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
                job = self.backend.get(timeout=0.1)  # not for ever: it must see the flag
            except queue.Empty:
                continue
            try:
                job.perform()
            except BaseException as error:  # `sys.exit()` in a job, too
                print(f"{job} failed: {error}")
            finally:  # failed or not, or `join()` would wait for ever
                self.backend.task_done()
                return

    def stop(self):
        self.stopping.set()
        self.thread.join()
