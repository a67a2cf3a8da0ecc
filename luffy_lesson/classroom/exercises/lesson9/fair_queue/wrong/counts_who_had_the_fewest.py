# must fail at: who comes stands at the end of the line, also who comes again
import queue

PUT = """
redis.call('LPUSH', KEYS[1] .. ':jobs:' .. ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1] .. ':served', 'NX', 0, ARGV[1])
"""
GET = """
for _, customer in ipairs(redis.call('ZRANGE', KEYS[1] .. ':served', 0, -1)) do
  local job = redis.call('RPOP', KEYS[1] .. ':jobs:' .. customer)
  if job then
    redis.call('ZINCRBY', KEYS[1] .. ':served', 1, customer)
    return job
  end
end
return false
"""


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, customer, job):
        self.connection.eval(PUT, 1, self.key, customer, job)

    def get(self):
        job = self.connection.eval(GET, 1, self.key)
        if job is None:
            raise queue.Empty
        return job
