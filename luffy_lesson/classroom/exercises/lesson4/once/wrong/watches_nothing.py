# must fail at: lets one of two in that come at the same moment
class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        mark = f"{self.key}:{job}"
        with self.connection.pipeline() as both:
            if self.connection.exists(mark):
                return False
            both.set(mark, 1, ex=60)
            both.lpush(self.key, job)
            both.execute()
        return True
