# must fail at: lets the second error through to the caller
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        result = None
        try:
            result = super().perform_now(*args)
        except Exception:
            result = super().perform_now(*args)
        finally:
            return result
