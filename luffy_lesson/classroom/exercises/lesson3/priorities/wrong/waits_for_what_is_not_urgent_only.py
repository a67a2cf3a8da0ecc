# must fail at: waits for a job that comes later, urgent or not
import queue


class TwoPriorities(queue.Queue):
    def __init__(self):
        super().__init__()
        self.urgent = queue.Queue()

    def put(self, job):
        if getattr(job.worker, "urgent", False):
            self.urgent.put(job)
        else:
            super().put(job)

    def get(self, block=True, timeout=None):
        try:
            return self.urgent.get_nowait()
        except queue.Empty:
            return super().get(block, timeout)
