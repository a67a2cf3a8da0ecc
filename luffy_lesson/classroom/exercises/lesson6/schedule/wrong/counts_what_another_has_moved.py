# must fail at: each job is moved once when two promote at the same time
import time

MOVE = """
if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[1]) end"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        due = self.connection.zrangebyscore(self.later, "-inf", time.time())
        for job in due:
            self.connection.eval(MOVE, 2, self.later, self.key, job)
        return len(due)
