# must fail at: does a job once, whatever it returns
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            first = super().perform_now(*args)
        except Exception:
            first = None
        return first or super().perform_now(*args)
