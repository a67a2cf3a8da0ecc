# must fail at: `get` waits for a job that comes later
import queue
import time


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            job = self.connection.rpop(self.key)
            if job is not None:
                return job
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(min(0.5, max(0, deadline - time.monotonic())))
