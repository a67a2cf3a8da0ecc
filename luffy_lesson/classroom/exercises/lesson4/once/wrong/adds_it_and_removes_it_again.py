# must fail at: never adds what it refuses
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        self.connection.lpush(self.key, job)
        if not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60):
            self.connection.lrem(self.key, 1, job)
            return False
        return True
