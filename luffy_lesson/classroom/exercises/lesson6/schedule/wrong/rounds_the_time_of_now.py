# must fail at: a job comes when it is due, and not before
import time

PROMOTE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
for _, job in ipairs(due) do
  redis.call('LPUSH', KEYS[2], job)
  redis.call('ZREM', KEYS[1], job)
end
return #due"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        return self.connection.eval(PROMOTE, 2, self.later, self.key, round(time.time()))
