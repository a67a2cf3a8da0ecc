class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        with self.connection.pipeline() as both:
            both.incr(f"{self.key}:{job}")
            both.expire(f"{self.key}:{job}", 60, nx=True)
            count, _ = both.execute()
        if count > 1:
            return False
        self.connection.lpush(self.key, job)
        return True
