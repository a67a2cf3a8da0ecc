import time

PROMOTE = """
local moved = 0
while true do
  local first = redis.call('ZPOPMIN', KEYS[1])
  if #first == 0 then return moved end
  if tonumber(first[2]) > tonumber(ARGV[1]) then
    redis.call('ZADD', KEYS[1], first[2], first[1])
    return moved
  end
  redis.call('LPUSH', KEYS[2], first[1])
  moved = moved + 1
end"""


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        return self.connection.eval(PROMOTE, 2, self.later, self.key, time.time())
