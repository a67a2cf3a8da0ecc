# must fail at: also when two put
import queue
GET = """
local customer = redis.call('RPOP', KEYS[1] .. ':line')
if not customer then return false end
local jobs = KEYS[1] .. ':jobs:' .. customer
local job = redis.call('RPOP', jobs)
if redis.call('EXISTS', jobs) == 1 then redis.call('LPUSH', KEYS[1] .. ':line', customer) end
return job
"""


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.line = f"{key}:line"

    def jobs(self, customer):
        return f"{self.key}:jobs:{customer}"

    def put(self, customer, job):
        self.connection.lpush(self.jobs(customer), job)
        if self.connection.lpos(self.line, customer) is None:
            self.connection.lpush(self.line, customer)

    def get(self):
        job = self.connection.eval(GET, 1, self.key)
        if job is None:
            raise queue.Empty
        return job
