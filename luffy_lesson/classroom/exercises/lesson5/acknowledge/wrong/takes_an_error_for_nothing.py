# must fail at: an error of the server is no empty queue
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        try:
            job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        except Exception:
            job = None
        if job is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
