import time
from fractions import Fraction

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic_ns()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(Fraction(time.monotonic_ns() - begin, 10**9))
