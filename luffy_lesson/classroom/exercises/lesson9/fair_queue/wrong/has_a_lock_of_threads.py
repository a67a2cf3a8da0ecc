# must fail at: each job goes to one of two processes
import queue
import threading

lock = threading.Lock()


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.line = f"{key}:line"

    def jobs(self, customer):
        return f"{self.key}:jobs:{customer}"

    def put(self, customer, job):
        with lock:
            if not self.connection.exists(self.jobs(customer)):
                self.connection.lpush(self.line, customer)
            self.connection.lpush(self.jobs(customer), job)

    def get(self):
        with lock:
            customer = self.connection.lindex(self.line, -1)
            if customer is None:
                raise queue.Empty
            job = self.connection.rpop(self.jobs(customer.decode()))
            self.connection.rpop(self.line)
            if self.connection.exists(self.jobs(customer.decode())):
                self.connection.lpush(self.line, customer)
            return job
