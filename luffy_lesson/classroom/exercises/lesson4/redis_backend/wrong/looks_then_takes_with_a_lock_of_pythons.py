# must fail at: `get` gives each job to one of two processes
import queue
import threading
import time

lock = threading.Lock()


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            with lock:
                job = self.connection.lindex(self.key, -1)
                if job is not None:
                    self.connection.rpop(self.key)
                    return job
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(0.01)
