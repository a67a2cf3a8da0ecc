# must fail at: takes none with a `most` of 0, and removes what is finished
SCRIPT = '''
for i = 2, #ARGV do redis.call('LREM', KEYS[2], -1, ARGV[i]) end
local waiting, taken = redis.call('LRANGE', KEYS[1], -ARGV[1], -1), {}
for i = #waiting, 1, -1 do taken[#taken + 1] = waiting[i] end
if #taken == 0 then return taken end
redis.call('LPUSH', KEYS[2], unpack(taken))
redis.call('LTRIM', KEYS[1], 0, -#taken - 1)
return taken'''


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        return self.connection.eval(SCRIPT, 2, self.key, self.in_flight, most, *finished)
