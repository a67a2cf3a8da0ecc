# must fail at: the mark goes away by itself
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if not self.connection.set(f"{self.key}:{job}", 1, nx=True, px=1000):
            return False
        self.connection.lpush(self.key, job)
        return True
