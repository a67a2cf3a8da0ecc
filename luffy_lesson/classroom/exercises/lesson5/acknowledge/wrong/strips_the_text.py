# must fail at: a job may be any text, also an empty one
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        if job is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job.strip())
