import redis

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
        self.connection = redis.Redis(connection_pool=connection.connection_pool)
        self.key, self.in_flight = key, in_flight
        self.sha = self.connection.script_load(SCRIPT)

    def take(self, most, finished):
        return self.connection.evalsha(self.sha, 2, self.key, self.in_flight, most, *finished)
