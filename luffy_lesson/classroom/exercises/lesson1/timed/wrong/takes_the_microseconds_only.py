# must fail at: is right when somebody sets the clock back
from datetime import datetime, timezone

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = datetime.now(timezone.utc)
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append((datetime.now(timezone.utc) - begin).microseconds / 1e6)
