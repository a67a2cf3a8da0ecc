# must fail at: notes a job that raises, too
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()  # a clock that is never set back
        try:
            result = super().perform_now(*args)
        except ZeroDivisionError:
            pass
        else:  # whether it returned or raised
            cls.times.append(time.monotonic() - begin)
            return result
