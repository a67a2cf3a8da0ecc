# must fail at: each job is taken once when two take at the same time
class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        taken = self.connection.lrange(self.key, -most, -1)[::-1] if most else []
        both = self.connection.pipeline()
        for job in finished:
            both.lrem(self.in_flight, 1, job)
        if taken:
            both.lpush(self.in_flight, *taken)
            both.ltrim(self.key, 0, -len(taken) - 1)
        both.execute()
        return taken
