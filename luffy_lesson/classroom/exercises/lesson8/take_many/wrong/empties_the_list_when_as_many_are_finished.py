# must fail at: for one that is not there it removes no other
SCRIPT = """
if redis.call('LLEN', KEYS[2]) == #ARGV - 1 then
  redis.call('DEL', KEYS[2])
else
  for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end
end
local taken = {}
for i = 1, tonumber(ARGV[1]) do
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
