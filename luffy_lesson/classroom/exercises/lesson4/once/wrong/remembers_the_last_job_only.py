# must fail at: refuses each of them now
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        last = f"{self.key}:last"
        if self.connection.set(last, job, ex=60, get=True) == job.encode():
            return False
        self.connection.lpush(self.key, job)
        return True
