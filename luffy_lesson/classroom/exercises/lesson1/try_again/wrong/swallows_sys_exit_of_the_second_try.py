# must fail at: lets `sys.exit` through to the caller
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        now = super().perform_now
        try:
            return now(*args)
        except Exception:
            try:
                return now(*args)
            except SystemExit:
                return None
