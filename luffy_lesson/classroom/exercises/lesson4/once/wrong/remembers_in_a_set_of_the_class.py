# must fail at: refuses it in another process, too
class Once:
    seen = {}

    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if job in self.seen:
            return False
        self.seen[job] = True
        self.connection.set(f"{self.key}:{job}", 1, ex=60)
        self.connection.lpush(self.key, job)
        return True
