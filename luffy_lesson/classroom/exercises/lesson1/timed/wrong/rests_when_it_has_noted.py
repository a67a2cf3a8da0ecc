# must fail at: the caller waits for the job, and no longer
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
            seconds = time.monotonic() - begin
            cls.times.append(seconds)
            time.sleep(min(seconds, 0.05) + 0.01)
