# must fail at: `get` takes one job after another, whatever their texts are
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
            job = self.connection.lindex(self.key, -1)
            if job is not None and self.connection.lrem(self.key, 1, job):
                return job
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(0.01)
