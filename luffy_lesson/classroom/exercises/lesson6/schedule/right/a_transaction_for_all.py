import time

import redis


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        with self.connection.pipeline() as pipeline:
            while True:
                try:
                    pipeline.watch(self.later)
                    due = pipeline.zrange(self.later, "-inf", time.time(), byscore=True)
                    if not due:
                        return 0
                    pipeline.multi()
                    pipeline.lpush(self.key, *due)
                    pipeline.zrem(self.later, *due)
                    pipeline.execute()
                    return len(due)
                except redis.WatchError:
                    pass
