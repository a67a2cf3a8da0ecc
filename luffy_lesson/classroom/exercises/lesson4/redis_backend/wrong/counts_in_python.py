# must fail at: `put` counts the jobs of other processes, too
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.count = 0

    def put(self, job):
        self.connection.lpush(self.key, job)
        self.count += 1
        return self.count

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
