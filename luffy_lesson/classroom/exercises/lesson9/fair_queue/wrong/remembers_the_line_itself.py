# must fail at: whoever comes and goes
import queue
from collections import deque


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key
        self.mine = deque()

    def jobs(self, customer):
        return f"{self.key}:jobs:{customer}"

    def put(self, customer, job):
        if self.connection.lpush(self.jobs(customer), job) == 1:
            self.mine.append(customer)

    def get(self):
        if not self.mine:
            raise queue.Empty
        customer = self.mine.popleft()
        job = self.connection.rpop(self.jobs(customer))
        if self.connection.exists(self.jobs(customer)):
            self.mine.append(customer)
        return job
