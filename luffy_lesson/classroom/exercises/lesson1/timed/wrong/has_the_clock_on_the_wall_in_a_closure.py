# must fail at: is right when somebody sets the clock back
import time

from luffy_lesson.step1_sync import Worker


def measuring(clock):
    def since(begin=None):
        return clock() if begin is None else clock() - begin

    return since


class Timed(Worker):
    times = []
    since = staticmethod(measuring(time.time))

    @classmethod
    def perform_now(cls, *args):
        begin = cls.since()
        try:
            return super().perform_now(*args)
        finally:
            cls.times.append(cls.since(begin))
