# must fail at: is right when somebody sets the clock back
import time

from luffy_lesson.step1_sync import Worker


class Watch:
    def __init__(self, clock=time.time):
        self.clock = clock
        self.begin = clock()

    def seconds(self):
        return self.clock() - self.begin


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        watch = Watch()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(watch.seconds())
