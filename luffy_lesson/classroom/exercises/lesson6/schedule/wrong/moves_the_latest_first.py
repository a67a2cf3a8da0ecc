# must fail at: what was due first is taken first, after what is in the queue already
import time

# Redis runs a script in one step: nobody sees, and no crash leaves, a half of it.
PROMOTE = """
local due = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[1], '-inf')
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
        return self.connection.eval(PROMOTE, 2, self.later, self.key, time.time())
