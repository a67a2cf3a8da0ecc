# must fail at: returns what the job returns
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()  # a clock that is never set back
        try:
            super().perform_now(*args)
        finally:  # whether it returned or raised
            cls.times.append(time.monotonic() - begin)
