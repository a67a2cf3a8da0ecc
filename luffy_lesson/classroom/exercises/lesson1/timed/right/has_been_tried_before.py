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
            cls.times.append(time.monotonic() - begin)


class Nap(Timed):
    def perform(self):
        time.sleep(0.01)


Nap.perform_now()
Nap.perform_now()
