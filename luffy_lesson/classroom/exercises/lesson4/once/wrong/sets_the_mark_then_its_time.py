# must fail at: leaves no mark for ever when its process is killed
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        if not self.connection.setnx(f"{self.key}:{job}", 1):
            return False
        self.connection.expire(f"{self.key}:{job}", 60)
        self.connection.lpush(self.key, job)
        return True
