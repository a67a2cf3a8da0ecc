# must fail at: raises `queue.Empty` when there is none
import queue


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.line = f"{key}:line"

    def jobs(self, customer):
        return f"{self.key}:jobs:{customer}"

    def put(self, customer, job):
        if self.connection.lpush(self.jobs(customer), job) == 1:
            self.connection.lpush(self.line, customer)

    def get(self):
        answer = self.connection.brpop(self.line, 1)
        if answer is None:
            raise queue.Empty
        customer = answer[1]
        job = self.connection.rpop(self.jobs(customer.decode()))
        if self.connection.llen(self.jobs(customer.decode())):
            self.connection.lpush(self.line, customer)
        return job
