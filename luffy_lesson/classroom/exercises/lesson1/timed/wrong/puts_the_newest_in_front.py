# must fail at: notes one time for a job
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.insert(0, time.monotonic() - begin)
