# must fail at: however many are due
import time

PROMOTE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if #due > 0 then
  redis.call('LPUSH', KEYS[2], unpack(due))
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
end
return #due"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        return self.connection.eval(PROMOTE, 2, self.later, self.key, time.time())
