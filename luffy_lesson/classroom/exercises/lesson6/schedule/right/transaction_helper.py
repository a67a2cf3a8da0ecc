import time


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection = connection
        self.later = later
        self.key = key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        def move(pipe):
            due = pipe.zrange(self.later, "-inf", time.time(), byscore=True)
            pipe.multi()
            if due:
                pipe.lpush(self.key, *due)
                pipe.zrem(self.later, *due)
            return len(due)

        return self.connection.transaction(move, self.later, value_from_callable=True)
