# must fail at: keeps the times of all jobs
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
            Timed.times.append(time.monotonic() - begin)
            if len(Timed.times) > 1000:
                del Timed.times[0]
