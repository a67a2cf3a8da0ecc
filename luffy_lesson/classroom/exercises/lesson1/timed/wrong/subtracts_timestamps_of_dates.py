# must fail at: is right when somebody sets the clock back
import datetime as dt

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = dt.datetime.now(dt.timezone.utc).timestamp()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(dt.datetime.now(dt.timezone.utc).timestamp() - begin)
