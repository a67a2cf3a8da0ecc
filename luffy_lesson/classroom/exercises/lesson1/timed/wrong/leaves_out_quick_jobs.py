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
            took = time.monotonic() - begin
            if took > 0.01:
                cls.times.append(took)
