import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        take = "return redis.call('RPOP', KEYS[1]) or redis.call('RPOP', KEYS[2])"
        while True:
            job = self.connection.eval(take, 2, self.urgent, self.usual)
            if job is not None:
                return job
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(0.02)
