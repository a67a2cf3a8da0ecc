# must fail at: and it does not wait for a job
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        # One command: between a pop and a push the job would be in the hands of this process alone.
        job = self.connection.blmove(self.key, self.in_flight, 0.05, "RIGHT", "LEFT")
        if job is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)  # 0 would remove all equal ones
