CLAIM = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 86400)
local added = redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
if added == 1 then redis.call('EXPIRE', KEYS[1], 86400) end
return added
"""


class ChargeOnce:
    def __init__(self, connection, key, charge):
        self.connection, self.key, self.charge = connection, key, charge

    def perform(self, job_id, amount):
        taken = self.connection.eval(CLAIM, 1, self.key, job_id)
        if not taken:
            return False
        try:
            self.charge(amount)
        except BaseException:
            self.connection.zrem(self.key, job_id)
            raise
        return True
