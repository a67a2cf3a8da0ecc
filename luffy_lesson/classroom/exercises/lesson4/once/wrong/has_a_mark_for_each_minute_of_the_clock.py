# must fail at: each job has a minute of its own
import time


class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        minute = int(time.time() // 60)
        if not self.connection.set(f"{self.key}:{minute}:{job}", 1, nx=True, ex=60):
            return False
        self.connection.lpush(self.key, job)
        return True
