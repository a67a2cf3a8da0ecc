# must fail at: is right when somebody sets the clock back
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.clock_gettime(time.CLOCK_REALTIME)
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(time.clock_gettime(time.CLOCK_REALTIME) - begin)
