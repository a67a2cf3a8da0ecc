# must fail at: `get` takes at once what is there with a timeout of 0
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        if timeout <= 0:
            raise queue.Empty
        answer = self.connection.brpop(self.key, timeout)
        if answer is None:
            raise queue.Empty
        return answer[1]
