# must fail at: `get` takes no job but the one that it returns
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        jobs = self.connection.rpop(self.key, 2)
        if not jobs:
            jobs = (self.connection.brpop(self.key, max(timeout, 0.01)) or [])[1:]
        if not jobs:
            raise queue.Empty
        if len(jobs) == 2:
            self.connection.rpush(self.key, jobs[1])
        return jobs[0]
