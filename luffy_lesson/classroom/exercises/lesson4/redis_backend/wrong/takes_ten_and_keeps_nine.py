# must fail at: `get` takes it out of the list
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.mine = []

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        if not self.mine:
            self.mine = self.connection.rpop(self.key, 10) or []
        if not self.mine:
            answer = self.connection.brpop(self.key, max(timeout, 0.01))
            if answer is None:
                raise queue.Empty
            return answer[1]
        return self.mine.pop(0)
