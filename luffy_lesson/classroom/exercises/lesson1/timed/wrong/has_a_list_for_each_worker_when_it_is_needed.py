# must fail at: in one list, `Timed.times`, for all workers
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        if "times" not in vars(cls):
            cls.times = []
        begin = time.monotonic()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(time.monotonic() - begin)
