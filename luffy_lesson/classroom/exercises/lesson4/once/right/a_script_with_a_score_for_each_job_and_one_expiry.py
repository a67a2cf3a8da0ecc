class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        script = """
            local now = tonumber(redis.call('TIME')[1])
            redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60)
            if redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1]) == 0 then
                return false
            end
            redis.call('EXPIRE', KEYS[2], 60)
            redis.call('LPUSH', KEYS[1], ARGV[1])
            return true
        """
        return bool(self.connection.eval(script, 2, self.key, f"{self.key}:seen", job))
