"""The workers of lesson 8 in a file, for this notebook and for the processes that it starts."""

import logging
import os
import signal
import time

from luffy_lesson import step5_reliable_queue
from luffy_lesson.step8_fast_queue import Luffy, Worker

# For a lesson, in which nobody wants to wait. In real use leave them at 10 and 60.
step5_reliable_queue.RedisBackend.beat_every, step5_reliable_queue.RedisBackend.gone_after = 0.2, 1.0  # seconds
# A line for each job that was left behind would fill the page.
logging.getLogger("luffy_lesson").setLevel(logging.ERROR)


class Counted(Worker):
    """Notes that it was done, in a list that no queue has to do with. The first time, number 500 kills its process."""

    def perform(self, number):
        Luffy.backend.redis.rpush("luffy:counted", number)
        if number == 500 and Luffy.backend.redis.set("luffy:killed", 1, nx=True):
            os.kill(os.getpid(), signal.SIGKILL)


class Mixed(Worker):
    """Takes as long as it is told, and says so when that is long."""

    def perform(self, seconds):
        if seconds:
            Luffy.backend.redis.lpush("luffy:slow", seconds)
        time.sleep(seconds)


class Compute(Worker):
    """Keeps a processor of the computer busy: nothing in it waits."""

    def perform(self, number):
        sum(n * n for n in range(400_000))
