import hashlib


class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        script = """
            if redis.call('SET', KEYS[2], 1, 'NX', 'EX', 60) then
                redis.call('LPUSH', KEYS[1], ARGV[1])
                return 1
            end
            return 0
        """
        digest = hashlib.sha256(job.encode()).hexdigest()
        return self.connection.eval(script, 2, self.key, f"{self.key}:seen:{digest}", job) == 1
