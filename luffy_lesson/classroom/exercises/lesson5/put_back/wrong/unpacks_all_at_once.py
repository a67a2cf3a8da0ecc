# must fail at: there may be many
SCRIPT = """
local jobs = redis.call('LRANGE', KEYS[1], 0, -1)
if #jobs > 0 then redis.call('RPUSH', KEYS[2], unpack(jobs)) end
redis.call('DEL', KEYS[1])
return #jobs"""


def put_back(connection, in_flight, key):
    return connection.eval(SCRIPT, 2, in_flight, key)
