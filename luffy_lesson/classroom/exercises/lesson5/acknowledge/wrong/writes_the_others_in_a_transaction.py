# must fail at: nor when others take and acknowledge meanwhile
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
        pipe = self.connection.pipeline()
        pipe.delete(self.in_flight)
        if jobs:
            pipe.rpush(self.in_flight, *jobs)
        pipe.execute()
