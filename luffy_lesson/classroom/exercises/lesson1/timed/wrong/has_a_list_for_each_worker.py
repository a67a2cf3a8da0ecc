# must fail at: in one list, `Timed.times`, for all workers
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    def __init_subclass__(cls):
        super().__init_subclass__()
        cls.times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            return cls().perform(*args)
        finally:
            cls.times.append(time.monotonic() - begin)
