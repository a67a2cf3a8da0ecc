import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            match self.connection.brpop((self.urgent, self.usual), timeout=min(0.25, max(left, 0.001))):
                case _, job:
                    return job
            if left <= 0:
                raise queue.Empty
