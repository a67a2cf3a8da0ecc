# must fail at: does a job once, whatever it returns
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        result, tries = None, 0
        while result is None and tries < 2:
            tries += 1
            try:
                result = super().perform_now(*args)
            except Exception:
                if tries == 2:
                    raise
        return result
