# must fail at: customers take turns
import queue

PUT = """
if redis.call('LPUSH', KEYS[1] .. ':jobs:' .. ARGV[1], ARGV[2]) == 1 then
  redis.call('SADD', KEYS[1] .. ':line', ARGV[1])
end
"""
GET = """
local customer = redis.call('SRANDMEMBER', KEYS[1] .. ':line')
if not customer then return false end
local jobs = KEYS[1] .. ':jobs:' .. customer
local job = redis.call('RPOP', jobs)
if redis.call('EXISTS', jobs) == 0 then redis.call('SREM', KEYS[1] .. ':line', customer) end
return job
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
