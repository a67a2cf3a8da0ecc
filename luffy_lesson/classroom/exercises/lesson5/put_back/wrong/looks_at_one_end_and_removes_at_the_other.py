# must fail at: equal jobs go back in their order, too
SCRIPT = """
local count = redis.call('LLEN', KEYS[1])
for _ = 1, count do
  local latest = redis.call('LRANGE', KEYS[1], 0, 0)[1]
  redis.call('LREM', KEYS[1], -1, latest)
  redis.call('RPUSH', KEYS[2], latest)
end
return count"""


def put_back(connection, in_flight, key):
    return connection.eval(SCRIPT, 2, in_flight, key)
