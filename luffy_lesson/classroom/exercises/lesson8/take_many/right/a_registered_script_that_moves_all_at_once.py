SCRIPT = '''
for i = 2, #ARGV do redis.call('LREM', KEYS[2], -1, ARGV[i]) end
local jobs = redis.call('RPOP', KEYS[1], ARGV[1])
if not jobs then return {} end
for _, job in ipairs(jobs) do redis.call('LPUSH', KEYS[2], job) end
return jobs'''


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.keys, self.script = [key, in_flight], connection.register_script(SCRIPT)

    def take(self, most, finished):
        return self.script(keys=self.keys, args=[most, *finished])
