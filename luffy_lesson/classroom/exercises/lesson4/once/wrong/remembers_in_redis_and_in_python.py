# must fail at: each job has a minute of its own
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.seen = set()

    def put(self, job):
        if job in self.seen or not self.connection.set(f"{self.key}:{job}", 1, nx=True, ex=60):
            return False
        self.seen.add(job)
        self.connection.lpush(self.key, job)
        return True
