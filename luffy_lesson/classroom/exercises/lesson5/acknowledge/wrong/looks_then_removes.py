# must fail at: a job is in one of the two lists at any moment
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        # One command: between a pop and a push the job would be in the hands of this process alone.
        job = self.connection.lindex(self.key, -1)
        if job is None:
            raise queue.Empty
        self.connection.lpush(self.in_flight, job)
        self.connection.lrem(self.key, -1, job)
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)  # 0 would remove all equal ones
