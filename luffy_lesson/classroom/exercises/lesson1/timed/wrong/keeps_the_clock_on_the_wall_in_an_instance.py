# must fail at: is right when somebody sets the clock back
from datetime import datetime

from luffy_lesson.step1_sync import Worker


class Clock:
    def __init__(self):
        self.now = datetime.now


clock = Clock()


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = clock.now()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append((clock.now() - begin).total_seconds())
