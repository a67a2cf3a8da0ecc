import queue


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        job = self.connection.eval("return redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')", 2, self.key, self.in_flight)
        if job is None:
            raise queue.Empty()
        return job

    def task_done(self, job):
        self.connection.eval("return redis.call('LREM', KEYS[1], -1, ARGV[1])", 1, self.in_flight, job)
