# must fail at: a job is in one of the two lists at any moment
import queue

import redis


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        own = redis.Redis(connection_pool=redis.ConnectionPool(**self.connection.get_connection_kwargs()))
        job = own.rpop(self.key)
        if job is None:
            raise queue.Empty
        own.lpush(self.in_flight, job)
        return job

    def task_done(self, job):
        self.connection.lrem(self.in_flight, 1, job)
