import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        with self.connection.pipeline() as pipe:
            pipe.rpoplpush(self.key, self.in_flight)
            job, = pipe.execute()
        if job is None:
            raise queue.Empty
        return job

    def task_done(self, job):
        with self.connection.pipeline() as pipe:
            pipe.lrem(self.in_flight, -1, job)
            removed, = pipe.execute()
        return removed
