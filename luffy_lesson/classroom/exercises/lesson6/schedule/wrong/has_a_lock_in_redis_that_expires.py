# must fail at: a job is in one of the two places at any moment
import time


class MySchedule:
    def __init__(self, connection, later, key):
        self.connection, self.later, self.key = connection, later, key

    def put_in(self, job, seconds):
        self.connection.zadd(self.later, {job: time.time() + seconds})

    def promote(self):
        lock = self.connection.lock(f"{self.key}:lock", timeout=1)
        lock.acquire()
        due = self.connection.zrangebyscore(self.later, "-inf", time.time())
        for job in due:
            self.connection.lpush(self.key, job)
            self.connection.zrem(self.later, job)
        if lock.owned():
            lock.release()
        return len(due)
