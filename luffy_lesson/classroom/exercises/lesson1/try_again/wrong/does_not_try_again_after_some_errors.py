# must fail at: whatever it raises
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        now = super().perform_now
        try:
            return now(*args)
        except (KeyError, IndexError, TypeError):
            raise
        except Exception:
            return now(*args)
