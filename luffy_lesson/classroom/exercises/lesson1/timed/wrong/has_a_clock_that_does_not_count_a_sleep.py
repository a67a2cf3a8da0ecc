# must fail at: the time is that of the job, in seconds
import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.process_time()  # a clock that is never set back
        try:
            return super().perform_now(*args)
        finally:  # whether it returned or raised
            cls.times.append(time.process_time() - begin)
