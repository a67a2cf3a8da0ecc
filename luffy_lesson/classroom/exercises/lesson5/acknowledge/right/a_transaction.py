import queue

import redis


class MyReliable:
    def __init__(self, connection, key, in_flight):
        self.connection, self.key, self.in_flight = connection, key, in_flight

    def get(self):
        with self.connection.pipeline() as pipeline:
            while True:
                try:
                    pipeline.watch(self.key)
                    job = pipeline.lindex(self.key, -1)
                    if job is None:
                        raise queue.Empty
                    pipeline.multi()
                    pipeline.rpop(self.key)
                    pipeline.lpush(self.in_flight, job)
                    pipeline.execute()
                    return job.decode()
                except redis.WatchError:
                    continue

    def task_done(self, job):
        self.connection.lrem(self.in_flight, -1, job)
