"""The workers of lesson 8 in a file, for this notebook and for the processes that it starts."""

import os
import signal
import time

from luffy_lesson.step8_fast_queue import Luffy, Worker


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
