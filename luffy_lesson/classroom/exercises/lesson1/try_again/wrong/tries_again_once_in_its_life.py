# must fail at: and the next one that fails, too
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    tried = False

    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:
            if cls.tried:
                raise
            cls.tried = True
            return cls.perform_now(*args)
