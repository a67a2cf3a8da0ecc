# must fail at: a job is in one of the two lists at any moment
class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        for job in finished:
            self.connection.lrem(self.in_flight, 1, job)
        taken = self.connection.rpop(self.key, most) or []
        if taken:
            self.connection.lpush(self.in_flight, *taken)
        return taken
