# must fail at: gives each job to one of two processes
import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            for key in (self.urgent, self.usual):
                if self.connection.llen(key):
                    return self.connection.brpop(key, 0.5)[1]
            if time.monotonic() >= deadline:
                raise queue.Empty
            time.sleep(0.01)
