# must fail at: returns what the job returns
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            result = super().perform_now(*args)
            return result or None
        finally:
            cls.times.append(time.monotonic() - begin)
