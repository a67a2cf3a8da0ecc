# must fail at: `put` adds each job, whatever its text is
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        waiting = self.connection.lpush(self.key, job)
        self.connection.ltrim(self.key, 0, 9)
        return waiting

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        if answer is None:
            raise queue.Empty
        return answer[1]
