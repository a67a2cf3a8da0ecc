PROMOTE = """
local now = redis.call('TIME')
local due = redis.call('ZRANGE', KEYS[1], '-inf', now[1] + now[2] / 1e6, 'BYSCORE')
for first = 1, #due, 1000 do
  redis.call('LPUSH', KEYS[2], unpack(due, first, math.min(first + 999, #due)))
  redis.call('ZREM', KEYS[1], unpack(due, first, math.min(first + 999, #due)))
end
return #due"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        now, fraction = self.connection.time()
        self.connection.zadd(self.later, {job: now + fraction / 1e6 + seconds})

    def promote(self):
        return self.connection.eval(PROMOTE, 2, self.later, self.key)
