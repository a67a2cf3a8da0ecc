# must fail at: as many as it is told, in one step still
SCRIPT = """
for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end
local jobs = redis.call('RPOP', KEYS[1], ARGV[1])
if not jobs or #jobs == 0 then return {} end
redis.call('LPUSH', KEYS[2], unpack(jobs))
return jobs"""


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        return self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)
