# must fail at: customers take turns
import queue

# The line has each customer that has a job, once. "jobs:" keeps a customer who is called "line" from being the line.
PUT = """
if redis.call('LPUSH', KEYS[1] .. ':jobs:' .. ARGV[1], ARGV[2]) == 1 then
  redis.call('LPUSH', KEYS[1] .. ':line', ARGV[1])
end
"""
GET = """
local customer = redis.call('RPOP', KEYS[1] .. ':line')
if not customer then return false end
local jobs = KEYS[1] .. ':jobs:' .. customer
local job = redis.call('RPOP', jobs)
redis.call('LPUSH', KEYS[1] .. ':line', customer)
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
