# must fail at: each job goes to one of two processes
import queue


class FairQueue:
    def __init__(self, connection, key):
        self.connection, self.line = connection, f"{key}:line"
        self.jobs = f"{key}:jobs:".encode()

    def put(self, customer, job):
        script = """
        if redis.call('LPUSH', KEYS[1], ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[2]) end
        """
        self.connection.eval(script, 2, self.jobs + customer.encode(), self.line, job, customer)

    def get(self):
        customer = self.connection.lindex(self.line, -1)
        if customer is None:
            raise queue.Empty
        more = self.connection.llen(self.jobs + customer) > 1
        with self.connection.pipeline() as together:
            together.rpop(self.jobs + customer)
            together.rpop(self.line)
            if more:
                together.lpush(self.line, customer)
            return together.execute()[0]
