class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        # Ask and set in one step: between two, another process could do the same.
        if self.connection.incr(f"{self.key}:{job}") > 1:
            return False
        self.connection.expire(f"{self.key}:{job}", 60)
        self.connection.lpush(self.key, job)
        return True
