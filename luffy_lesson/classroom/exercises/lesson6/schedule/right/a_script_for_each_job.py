import time

MOVE = "if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end redis.call('LPUSH', KEYS[2], ARGV[1]) return 1"


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key
        self.move = connection.register_script(MOVE)

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        due = self.connection.zrangebyscore(self.later, 0, time.time())
        return sum(self.move(keys=[self.later, self.key], args=[job]) for job in due)
