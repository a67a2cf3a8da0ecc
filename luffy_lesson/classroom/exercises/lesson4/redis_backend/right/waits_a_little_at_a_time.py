import queue
import time


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        with self.connection.pipeline() as both:
            both.lpush(self.key, job)
            both.llen(self.key)
            return both.execute()[1]

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            answer = self.connection.brpop(self.key, min(max(left, 0.001), 0.2))
            if answer:
                return answer[1].decode()
            if left <= 0:
                raise queue.Empty
