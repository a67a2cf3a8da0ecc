# must fail at: refuses it in another process, too
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.seen = set()

    def put(self, job):
        if job in self.seen:
            return False
        self.seen.add(job)
        self.connection.lpush(self.key, job)
        return True
