# must fail at: `get` takes the job that has waited longest
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        # The server keeps it waiting, and gives each job to one taker only.
        answer = self.connection.brpop(self.key, timeout)
        if answer is None:
            raise queue.Empty
        return answer[0]  # the first part is the key
