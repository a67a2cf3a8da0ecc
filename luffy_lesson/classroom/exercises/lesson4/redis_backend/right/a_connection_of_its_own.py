import queue
import redis


class MyBackend:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.own = redis.Redis(connection_pool=connection.connection_pool)

    def put(self, job):
        self.own.lpush(self.key, job)
        return self.own.llen(self.key)

    def get(self, timeout):
        answer = self.own.brpop(self.key, timeout or 0.01)
        try:
            return answer[1]
        except TypeError:
            raise queue.Empty from None
