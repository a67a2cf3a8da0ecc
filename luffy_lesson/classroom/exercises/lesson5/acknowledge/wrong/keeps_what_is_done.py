# must fail at: `task_done` removes that job, and no other
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
        if self.connection.lrem(self.in_flight, 1, job):
            self.connection.lpush(self.key + ":done", job)
