# must fail at: notes a job that raises, too
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            result = super().perform_now(*args)
        except Exception:
            cls.times.append(time.monotonic() - begin)
            raise
        cls.times.append(time.monotonic() - begin)
        return result
