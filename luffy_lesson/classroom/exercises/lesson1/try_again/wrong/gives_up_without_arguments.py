# must fail at: whatever it raises
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:
            if not args:
                raise
            return super().perform_now(*args)
