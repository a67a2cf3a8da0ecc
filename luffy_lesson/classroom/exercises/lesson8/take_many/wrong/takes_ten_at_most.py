# must fail at: there may be many
SCRIPT = """
for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end
local taken = {}
for i = 1, math.min(tonumber(ARGV[1]), 10) do
  local job = redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')
  if not job then break end
  taken[i] = job
end
return taken"""


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        return self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)
