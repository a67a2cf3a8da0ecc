import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.keys = connection, [urgent, usual]

    def get(self, timeout):
        end = time.monotonic() + timeout
        while True:
            for key in self.keys:
                job = self.connection.rpop(key)
                if job is not None:
                    return job
            if time.monotonic() > end:
                raise queue.Empty
            time.sleep(0.01)
