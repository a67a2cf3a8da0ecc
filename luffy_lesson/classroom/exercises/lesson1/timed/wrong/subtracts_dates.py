# must fail at: is right when somebody sets the clock back
from datetime import datetime

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = datetime.now()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append((datetime.now() - begin).total_seconds())
