# must fail at: asks the server once
SCRIPT = """
return redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')"""


class MyBatches:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        connection = self.connection.client()
        with connection.pipeline() as pipe:
            for job in finished:
                pipe.lrem(self.in_flight, 1, job)
            pipe.execute()
        taken = []
        while len(taken) < most:
            job = connection.eval(SCRIPT, 2, self.key, self.in_flight)
            if job is None:
                break
            taken.append(job)
        return taken
