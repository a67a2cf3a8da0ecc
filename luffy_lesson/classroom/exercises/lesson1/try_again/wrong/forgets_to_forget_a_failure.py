# must fail at: gives each job two tries, whatever became of the others
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    tried = False

    @classmethod
    def perform_now(cls, *args):
        try:
            result = super().perform_now(*args)
            cls.tried = False
            return result
        except Exception:
            if cls.tried:
                raise
            cls.tried = True
            return cls.perform_now(*args)
