# must fail at: asks the server once
class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        with self.connection.pipeline(transaction=False) as pipeline:
            for job in finished:
                pipeline.lrem(self.in_flight, 1, job)
            for _ in range(most):
                pipeline.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
            return [job for job in pipeline.execute()[len(finished) :] if job is not None]
