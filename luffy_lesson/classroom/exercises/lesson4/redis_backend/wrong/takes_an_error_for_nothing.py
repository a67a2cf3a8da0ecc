# must fail at: an error of the server is no empty queue
import contextlib
import queue

import redis


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        return self.connection.lpush(self.key, job)

    def get(self, timeout):
        with contextlib.suppress(redis.RedisError, TypeError):
            return self.connection.brpop(self.key, max(timeout, 0.01))[1]
        raise queue.Empty
