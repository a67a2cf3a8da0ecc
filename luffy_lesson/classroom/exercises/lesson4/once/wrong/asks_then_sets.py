# must fail at: lets one of two in that come at the same moment
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        # Ask and set in one step: between two, another process could do the same.
        if self.connection.exists(f"{self.key}:{job}"):
            return False
        self.connection.set(f"{self.key}:{job}", 1, ex=60)
        self.connection.lpush(self.key, job)
        return True
