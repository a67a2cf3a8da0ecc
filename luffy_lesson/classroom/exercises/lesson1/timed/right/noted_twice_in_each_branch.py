import time

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = time.monotonic()
        try:
            result = super().perform_now(*args)
        except BaseException:
            cls.times += [time.monotonic() - begin]
            raise
        cls.times += [time.monotonic() - begin]
        return result
