# must fail at: `get` raises `queue.Empty` when nothing comes in time
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        # The server keeps it waiting, and gives each job to one taker only. To it, 0 would be for ever.
        answer = self.connection.brpop(self.key, max(timeout, 0.01))
        return answer[1]  # the first part is the key
