# must fail at: each job has a minute of its own
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        # Ask and set in one step: between two, another process could do the same.
        if not self.connection.sadd(f"{self.key}:seen", job):
            return False
        self.connection.expire(f"{self.key}:seen", 60)
        self.connection.lpush(self.key, job)
        return True
