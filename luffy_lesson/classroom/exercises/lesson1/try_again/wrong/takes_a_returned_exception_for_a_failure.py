# must fail at: does a job once, whatever it returns
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            result = super().perform_now(*args)
        except Exception as error:
            result = error
        if isinstance(result, Exception):
            return super().perform_now(*args)
        return result
