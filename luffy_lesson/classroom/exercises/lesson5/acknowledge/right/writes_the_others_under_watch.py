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
        def remove(pipe):
            jobs = pipe.lrange(self.in_flight, 0, -1)
            pipe.multi()
            if job in jobs:
                jobs.remove(job)
                pipe.delete(self.in_flight)
                if jobs:
                    pipe.rpush(self.in_flight, *jobs)

        self.connection.transaction(remove, self.in_flight)
