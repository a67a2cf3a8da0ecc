# must fail at: a job is in one of the two places at any moment
import time


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        count = 0
        for job in self.connection.zrangebyscore(self.later, "-inf", time.time()):
            if self.connection.zrem(self.later, job):
                self.connection.lpush(self.key, job)
                count += 1
        return count
