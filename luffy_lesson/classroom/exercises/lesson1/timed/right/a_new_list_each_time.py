import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        start = time.perf_counter()
        try:
            return super().perform_now(*args)
        finally:
            Timed.times = Timed.times + [time.perf_counter() - start]
