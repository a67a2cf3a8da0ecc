# must fail at: is right when a job calls another one
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        cls.begin = time.monotonic()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(time.monotonic() - cls.begin)
