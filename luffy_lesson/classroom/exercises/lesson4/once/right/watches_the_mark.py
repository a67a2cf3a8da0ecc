import redis


class Once:
    def __init__(self, connection, key):
        self.connection, self.key = connection, key

    def put(self, job):
        mark = f"{self.key}:{job}"
        with self.connection.pipeline() as both:
            while True:
                try:
                    both.watch(mark)
                    if both.exists(mark):
                        return False
                    both.multi()
                    both.setex(mark, 60, "sent")
                    both.lpush(self.key, job)
                    both.execute()
                    return True
                except redis.WatchError:
                    continue
