CLAIM = """
local now = tonumber(redis.call('TIME')[1])
local at = redis.call('HGET', KEYS[1], ARGV[1])
if at and now - tonumber(at) < 86400 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], now)
redis.call('EXPIRE', KEYS[1], 86400)
return 1
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
            self.connection.hdel(self.key, job_id)
            raise
        return True
