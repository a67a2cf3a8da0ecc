# must fail at: waits for a usual job at the same time
import queue
import time


class TwoQueues:
    def __init__(self, connection, urgent, usual):
        self.connection, self.urgent, self.usual = connection, urgent, usual

    def get(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            for key in (self.urgent, self.usual):
                answer = self.connection.brpop(key, max(0.01, min(0.5, deadline - time.monotonic())))
                if answer:
                    return answer[1]
            if time.monotonic() >= deadline:
                raise queue.Empty
