# must fail at: `put` adds each job, whatever its text is
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if self.connection.lpos(self.key, job) is None:
            return self.connection.lpush(self.key, job)
        return self.connection.llen(self.key)

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
