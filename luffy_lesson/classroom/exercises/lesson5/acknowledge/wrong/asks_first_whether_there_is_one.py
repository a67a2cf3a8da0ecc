# must fail at: two that take at the same time get different jobs
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        if not self.connection.llen(self.key):
            raise queue.Empty
        self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        return self.connection.lindex(self.in_flight, 0)

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
