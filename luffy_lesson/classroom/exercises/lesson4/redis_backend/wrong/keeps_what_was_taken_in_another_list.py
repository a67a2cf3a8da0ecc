# must fail at: a job that was taken is nowhere any more
import queue


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key, self.done = connection, key, key + ":done"

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        # In one step, so that nobody else gets it.
        if (job := self.connection.brpoplpush(self.key, self.done, timeout=timeout or 0.01)) is None:
            raise queue.Empty
        return job
