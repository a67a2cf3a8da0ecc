"""Orders, in a process that does with a signal what Python does unless told otherwise."""

import signal
import time

from luffy_lesson.step9_queues import Luffy, Worker


class Order(Worker):
    """Notes in Redis when it begins, and when it is done."""

    def perform(self, number, seconds):
        Luffy.backend.redis.rpush("luffy:begun", number)
        time.sleep(seconds)
        Luffy.backend.redis.rpush("luffy:done", number)


signal.signal(signal.SIGTERM, signal.SIG_DFL)
