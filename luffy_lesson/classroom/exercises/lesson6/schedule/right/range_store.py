import time

PROMOTE = """
local moved = redis.call('ZRANGESTORE', KEYS[3], KEYS[1], '-inf', ARGV[1], 'BYSCORE')
for _, job in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do redis.call('LPUSH', KEYS[2], job) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
redis.call('DEL', KEYS[3])
return moved"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        keys = self.later, self.key, f"{self.later}:now"
        return int(self.connection.eval(PROMOTE, 3, *keys, time.time()))
