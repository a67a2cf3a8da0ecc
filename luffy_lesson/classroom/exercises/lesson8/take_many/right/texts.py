SCRIPT = """
for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end
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
        return [job.decode() for job in self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *[job.encode() for job in finished])]
