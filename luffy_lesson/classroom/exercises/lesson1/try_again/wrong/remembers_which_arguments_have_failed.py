# must fail at: and the next one that fails, too
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    failed = set()

    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:
            if args in cls.failed:
                raise
            cls.failed.add(args)
            return super().perform_now(*args)
