# must fail at: asks the server once
class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        for job in finished:
            self.connection.lrem(self.in_flight, 1, job)
        taken = []
        while len(taken) < most:
            job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
            if job is None:
                break
            taken.append(job)
        return taken
