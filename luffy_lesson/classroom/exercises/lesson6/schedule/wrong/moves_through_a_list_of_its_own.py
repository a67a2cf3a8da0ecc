# must fail at: a job is in one of the two places at any moment
import time

TAKE = """
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
        moved = self.connection.eval(TAKE, 2, self.later, f"{self.key}:due", time.time())
        for _ in range(moved):
            self.connection.lmove(f"{self.key}:due", self.key, "RIGHT", "LEFT")
        return moved
