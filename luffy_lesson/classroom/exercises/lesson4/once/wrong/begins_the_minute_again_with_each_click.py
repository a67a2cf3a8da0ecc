# must fail at: each job has a minute of its own
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        # Ask and set in one step: between two, another process could do the same.
        if self.connection.set(f"{self.key}:{job}", 1, ex=60, get=True):
            return False
        self.connection.lpush(self.key, job)
        return True
