# must fail at: asks the server once
import threading


class MyBatches:
    lock = threading.Lock()

    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def take(self, most, finished):
        with self.lock:
            for job in finished:
                self.connection.lrem(self.in_flight, 1, job)
            taken = []
            for _ in range(most):
                job = self.connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")
                if job is None:
                    break
                taken.append(job)
            return taken
