# must fail at: `get` takes one job after another, whatever their texts are
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        if not answer or not answer[1]:
            raise queue.Empty
        return answer[1]
