# must fail at: a job is in one of the two lists at any moment
import queue
import threading


class MyReliable:
    lock = threading.Lock()

    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        with self.lock:
            job = self.connection.rpop(self.key)
            if job is None:
                raise queue.Empty
            self.connection.lpush(self.in_flight, job)
            return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
