import time


class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        now, seen = time.time(), f"{self.key}:seen"
        with self.connection.pipeline() as all_:
            all_.zremrangebyscore(seen, "-inf", now - 60)
            all_.zadd(seen, {job: now}, nx=True)
            all_.expire(seen, 60)
            _, added, _ = all_.execute()
        if not added:
            return False
        self.connection.lpush(self.key, job)
        return True
