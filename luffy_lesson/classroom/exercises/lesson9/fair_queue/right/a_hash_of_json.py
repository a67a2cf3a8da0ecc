import json
import queue

PUT = """
local jobs = redis.call('HGET', KEYS[2], ARGV[1])
if not jobs then
  redis.call('RPUSH', KEYS[1], ARGV[1])
  jobs = cjson.encode({ARGV[2]})
else
  jobs = cjson.decode(jobs)
  table.insert(jobs, ARGV[2])
  jobs = cjson.encode(jobs)
end
redis.call('HSET', KEYS[2], ARGV[1], jobs)
"""
GET = """
local customer = redis.call('LPOP', KEYS[1])
if not customer then return {} end
local jobs = cjson.decode(redis.call('HGET', KEYS[2], customer))
local job = table.remove(jobs, 1)
if #jobs == 0 then
  redis.call('HDEL', KEYS[2], customer)
else
  redis.call('HSET', KEYS[2], customer, cjson.encode(jobs))
  redis.call('RPUSH', KEYS[1], customer)
end
return {job}
"""


class FairQueue:
    def __init__(self, connection, key):
        self.keys = key + ":line", key + ":jobs"
        self.put_script = connection.register_script(PUT)
        self.get_script = connection.register_script(GET)

    def put(self, customer, job):
        self.put_script(self.keys, [customer, job])

    def get(self):
        answer = self.get_script(self.keys)
        if not answer:
            raise queue.Empty
        return answer[0].decode()
