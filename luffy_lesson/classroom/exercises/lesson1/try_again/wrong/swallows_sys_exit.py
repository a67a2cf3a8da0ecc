# must fail at: lets `sys.exit` through to the caller
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except SystemExit:
            pass
        except Exception:
            return super().perform_now(*args)
