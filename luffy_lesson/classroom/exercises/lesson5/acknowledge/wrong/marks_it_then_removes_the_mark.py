# must fail at: `task_done` loses no other job when it is killed
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
        index = self.connection.lpos(self.in_flight, job)
        self.connection.lset(self.in_flight, index, "done")
        self.connection.lrem(self.in_flight, 1, "done")
