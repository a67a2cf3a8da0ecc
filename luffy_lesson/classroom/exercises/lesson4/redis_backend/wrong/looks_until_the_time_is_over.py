# must fail at: `get` takes at once what is there with a timeout of 0
import queue
import time


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            job = self.connection.rpop(self.key)
            if job is not None:
                return job
            time.sleep(0.01)
        raise queue.Empty
