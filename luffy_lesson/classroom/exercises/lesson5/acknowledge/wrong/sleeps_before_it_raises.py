# must fail at: and it does not wait for a job
import queue
import time


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        if job is None:
            time.sleep(0.1)
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
