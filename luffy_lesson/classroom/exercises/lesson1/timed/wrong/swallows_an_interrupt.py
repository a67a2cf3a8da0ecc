# must fail at: lets its exception through to the caller
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            return super().perform_now(*args)
        except KeyboardInterrupt:
            print("interrupted")
        finally:
            cls.times.append(time.monotonic() - begin)
