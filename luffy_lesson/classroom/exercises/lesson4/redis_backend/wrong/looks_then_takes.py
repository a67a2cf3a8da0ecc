# must fail at: `get` gives each job to one of two processes
import queue
import time


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            job = self.connection.lindex(self.key, -1)
            if job is not None:
                self.connection.rpop(self.key)
                return job
            time.sleep(0.01)
        raise queue.Empty
