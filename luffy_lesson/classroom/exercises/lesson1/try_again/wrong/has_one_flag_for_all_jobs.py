# must fail at: gives each job two tries, whatever became of the others
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    again = False

    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:
            if cls.again:
                cls.again = False
                raise
            cls.again = True
            result = cls.perform_now(*args)
            cls.again = False
            return result
