import queue

import redis


class FairQueue:
    def __init__(self, connection, key):
        self.connection = connection
        self.line = f"{key}/line"
        self.of = f"{key}/of/".encode()

    def jobs(self, customer):
        return self.of + (customer.encode() if isinstance(customer, str) else customer)

    def put(self, customer, job):
        def add(pipe):
            new = not pipe.exists(self.jobs(customer))
            pipe.multi()
            pipe.rpush(self.jobs(customer), job)
            if new:
                pipe.rpush(self.line, customer)

        self.connection.transaction(add, self.jobs(customer), self.line)

    def get(self):
        with self.connection.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(self.line)
                    customer = pipe.lindex(self.line, 0)
                    if customer is None:
                        raise queue.Empty
                    pipe.watch(self.jobs(customer))
                    more = pipe.llen(self.jobs(customer)) > 1
                    pipe.multi()
                    pipe.lpop(self.line)
                    pipe.lpop(self.jobs(customer))
                    if more:
                        pipe.rpush(self.line, customer)
                    return pipe.execute()[1]
                except redis.WatchError:
                    continue
