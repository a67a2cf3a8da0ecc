# must fail at: waits for an urgent job
import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            for key in (self.urgent, self.usual):
                job = self.connection.rpop(key)
                if job is not None:
                    return job
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(min(0.5, max(0, deadline - time.monotonic())))
