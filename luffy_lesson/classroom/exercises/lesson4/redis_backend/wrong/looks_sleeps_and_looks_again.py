# must fail at: `get` waits for a job that comes later
import queue
import time


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        job = self.connection.rpop(self.key)
        if job is None:
            time.sleep(timeout)
            job = self.connection.rpop(self.key)
        if job is None:
            raise queue.Empty
        return job
