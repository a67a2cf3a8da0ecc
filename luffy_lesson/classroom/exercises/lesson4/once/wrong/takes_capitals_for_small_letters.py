# must fail at: lets another job in
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if not self.connection.set(f"{self.key}:{job.strip().lower()}", 1, nx=True, ex=60):
            return False
        self.connection.lpush(self.key, job)
        return True
