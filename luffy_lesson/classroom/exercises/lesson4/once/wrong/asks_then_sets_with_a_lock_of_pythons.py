# must fail at: lets one of two in that come at the same moment
import threading

lock = threading.Lock()


class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        with lock:
            if self.connection.exists(f"{self.key}:{job}"):
                return False
            self.connection.set(f"{self.key}:{job}", 1, ex=60)
        self.connection.lpush(self.key, job)
        return True
