"""The workers of lesson 11 in a file, for this notebook and for the programs of the engines."""

import os
import time

import redis

from luffy_lesson.step11_engines import Worker, say


class VeryHeavyService(Worker):
    """The worker of lesson 1. It notes in Redis that it is done."""

    def perform(self, seconds):
        time.sleep(seconds)
        say(f"This task loading {seconds} seconds")
        note("luffy:done", seconds)


class Order(Worker):
    """Notes in Redis in which process it begins, and when it is done."""

    def perform(self, number, seconds):
        note("luffy:begun", os.getpid())
        time.sleep(seconds)
        note("luffy:done", number)


def note(key, value):
    """Add to a list in Redis."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.rpush(key, value)
