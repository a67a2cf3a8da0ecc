# must fail at: each job has a minute of its own
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if not self.connection.sadd(f"{self.key}:seen", job):
            return False
        self.connection.expire(f"{self.key}:seen", 60, nx=True)
        self.connection.lpush(self.key, job)
        return True
