# must fail at: returns what the job returns
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            super().perform_now(*args)
        finally:
            cls.times.append(time.monotonic() - begin)
        return super().perform_now(*args)
