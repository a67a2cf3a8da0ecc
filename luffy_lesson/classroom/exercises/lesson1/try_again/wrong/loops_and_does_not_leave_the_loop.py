# must fail at: does a job that works once
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        for _ in range(2):
            try:
                result = super().perform_now(*args)
            except Exception:
                pass
        return result
