from time import monotonic_ns

from luffy_lesson.step1_sync import Worker


class Timed(Worker):
    times = []

    @classmethod
    def perform_now(cls, *args):
        begin = monotonic_ns()  # a clock that is never set back
        try:
            return super().perform_now(*args)
        finally:  # whether it returned or raised
            cls.times.append((monotonic_ns() - begin) / 1e9)
