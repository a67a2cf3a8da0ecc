# must fail at: who adds a job meanwhile keeps it from nothing
import time

import redis


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        with self.connection.pipeline() as pipe:
            try:
                pipe.watch(self.later)
                due = pipe.zrangebyscore(self.later, "-inf", time.time())
                pipe.multi()
                for job in due:
                    pipe.lpush(self.key, job)
                    pipe.zrem(self.later, job)
                pipe.execute()
                return len(due)
            except redis.WatchError:
                return 0
