# must fail at: what another process puts in meanwhile is promoted, too
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
        self.quiet_until = 0

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})
        self.quiet_until = 0

    def promote(self):
        if (now := time.time()) < self.quiet_until:
            return 0
        moved = self.connection.eval(PROMOTE, 2, self.later, self.key, now)
        for _, due in self.connection.zrange(self.later, 0, 0, withscores=True):
            self.quiet_until = due
        return moved
