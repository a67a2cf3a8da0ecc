class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        mark = f"{self.key}:{job}"
        with self.connection.lock(f"{self.key}:lock", timeout=5):
            if self.connection.exists(mark):
                return False
            with self.connection.pipeline() as both:
                both.set(mark, 1, ex=60)
                both.rpush(self.key, job)
                both.execute()
            return True
