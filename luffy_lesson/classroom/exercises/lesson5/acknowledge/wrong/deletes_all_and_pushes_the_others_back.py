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
        jobs = self.connection.lrange(self.in_flight, 0, -1)
        jobs.remove(job)
        self.connection.delete(self.in_flight)
        if jobs:
            self.connection.rpush(self.in_flight, *jobs)
