SCRIPT = """
for i = 2, #ARGV do
  redis.call('LREM', KEYS[2], -1, ARGV[i])
end
local most = tonumber(ARGV[1])
if most == 0 then return {} end
local taken = redis.call('RPOP', KEYS[1], most) or {}
for _, job in ipairs(taken) do redis.call('LPUSH', KEYS[2], job) end
return taken"""


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight
        self.script = connection.register_script(SCRIPT)

    def take(self, most, finished):
        return self.script(keys=[self.key, self.in_flight], args=[most, *finished])
