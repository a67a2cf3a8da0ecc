SCRIPT = """
for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end
local n = math.min(tonumber(ARGV[1]), redis.call('LLEN', KEYS[1]))
if n == 0 then return {} end
local jobs = redis.call('LRANGE', KEYS[1], -n, -1)
redis.call('LTRIM', KEYS[1], 0, -n - 1)
local taken = {}
for i = n, 1, -1 do
  redis.call('LPUSH', KEYS[2], jobs[i])
  table.insert(taken, jobs[i])
end
return taken"""


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        return list(self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished))
