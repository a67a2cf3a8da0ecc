class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        all_of_it = self.connection.pipeline()
        for job in finished:
            all_of_it.lrem(self.in_flight, 1, job)
        for _ in range(most):
            all_of_it.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
        return [job for job in all_of_it.execute()[len(finished) :] if job is not None]
