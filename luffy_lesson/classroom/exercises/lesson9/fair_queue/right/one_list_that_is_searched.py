import base64
import queue

GET = """
local all, turns = redis.call('LRANGE', KEYS[1] .. ':all', 0, -1), KEYS[1] .. ':turns'
local customer = redis.call('LPOP', turns)
if not customer then return false end
local found, more = false, false
for _, entry in ipairs(all) do
  local at = string.find(entry, ' ', 1, true)
  if string.sub(entry, 1, at - 1) == customer then
    if found then more = true break end
    found = entry
  end
end
redis.call('LREM', KEYS[1] .. ':all', 1, found)
if more then redis.call('RPUSH', turns, customer) end
return string.sub(found, string.find(found, ' ', 1, true) + 1)
"""
PUT = """
local place = redis.call('LPOS', KEYS[1] .. ':turns', ARGV[1])
if not place then redis.call('RPUSH', KEYS[1] .. ':turns', ARGV[1]) end
redis.call('RPUSH', KEYS[1] .. ':all', ARGV[1] .. ' ' .. ARGV[2])
"""


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, customer, job):
        self.connection.eval(PUT, 1, self.key, base64.b64encode(customer.encode()) or "-", job)

    def get(self):
        job = self.connection.eval(GET, 1, self.key)
        if job is None:
            raise queue.Empty
        return job
