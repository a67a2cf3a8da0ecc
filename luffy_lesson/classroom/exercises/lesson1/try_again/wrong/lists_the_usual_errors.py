# must fail at: tries a job that has failed once more
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except (ValueError, TypeError, KeyError, RuntimeError, OSError, ArithmeticError):
            return super().perform_now(*args)
