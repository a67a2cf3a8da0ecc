# must fail at: `get` waits for a job that comes later
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout / 1000, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
