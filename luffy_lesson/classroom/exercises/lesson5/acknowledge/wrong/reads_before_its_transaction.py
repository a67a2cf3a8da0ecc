# must fail at: two that take at the same time get different jobs
import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        job = self.connection.lindex(self.key, -1)
        if job is None:
            raise queue.Empty
        pipe = self.connection.pipeline()
        pipe.rpop(self.key)
        pipe.lpush(self.in_flight, job)
        pipe.execute()
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
