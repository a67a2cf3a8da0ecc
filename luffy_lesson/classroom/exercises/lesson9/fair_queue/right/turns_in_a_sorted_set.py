import queue
from hashlib import sha256


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, customer, job):
        mark = sha256(customer.encode()).hexdigest()
        script = """
        redis.call('RPUSH', KEYS[1] .. '.' .. ARGV[1], ARGV[2])
        redis.call('ZADD', KEYS[1] .. '.turns', 'NX', redis.call('INCR', KEYS[1] .. '.count'), ARGV[1])
        """
        self.connection.eval(script, 1, self.key, mark, job)

    def get(self):
        script = """
        local first = redis.call('ZPOPMIN', KEYS[1] .. '.turns')
        if #first == 0 then return nil end
        local jobs = KEYS[1] .. '.' .. first[1]
        local job = redis.call('LPOP', jobs)
        if redis.call('LLEN', jobs) > 0 then
          redis.call('ZADD', KEYS[1] .. '.turns', redis.call('INCR', KEYS[1] .. '.count'), first[1])
        end
        return job
        """
        job = self.connection.eval(script, 1, self.key)
        if job is None:
            raise queue.Empty
        return job
