import threading
from queue import Empty


class TwoPriorities:
    def __init__(self):
        self.jobs, self.unfinished, self.changed = [], 0, threading.Condition()

    def put(self, job):
        with self.changed:
            place = sum(getattr(each.worker, "urgent", False) for each in self.jobs)
            self.jobs.insert(place if getattr(job.worker, "urgent", False) else len(self.jobs), job)
            self.unfinished += 1
            self.changed.notify()

    def get(self, block=True, timeout=None):
        with self.changed:
            if not self.changed.wait_for(lambda: self.jobs, timeout if block else 0):
                raise Empty
            return self.jobs.pop(0)

    def task_done(self):
        with self.changed:
            self.unfinished -= 1
            self.changed.notify_all()

    def qsize(self):
        return len(self.jobs)

    def join(self):
        with self.changed:
            self.changed.wait_for(lambda: not self.unfinished)
