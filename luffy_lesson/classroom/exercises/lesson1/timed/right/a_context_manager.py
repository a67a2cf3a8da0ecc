import contextlib
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    @contextlib.contextmanager
    def _timed(cls):
        begin = time.monotonic_ns()
        try:
            yield
        finally:
            cls.times.append((time.monotonic_ns() - begin) / 1e9)

    @classmethod
    def perform_now(cls, *args):
        with cls._timed():
            return super().perform_now(*args)
