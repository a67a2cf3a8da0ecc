# must fail at: the time is that of the job, in seconds
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
            time.sleep(0.02)
            cls.times.append(time.monotonic() - begin)
