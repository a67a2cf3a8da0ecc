# must fail at: refuses an equal one, and returns False
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        # Ask and set in one step: between two, another process could do the same.
        if not self.connection.set(f"{self.key}:{job}", 1, ex=60):
            return False
        self.connection.lpush(self.key, job)
        return True
