"""The workers of lesson 10 in a file, for this notebook and for the processes that it starts and ends."""

import time

from luffy_lesson.step10_process import Luffy, Worker


class Order(Worker):
    """Notes in Redis when it begins, and when it is done."""

    def perform(self, number, seconds):
        Luffy.backend.redis.rpush("luffy:begun", number)
        time.sleep(seconds)
        Luffy.backend.redis.rpush("luffy:done", number)


class Compute(Worker):
    """Keeps a processor of the computer busy: nothing in it waits."""

    def perform(self, number):
        sum(n * n for n in range(400_000))
