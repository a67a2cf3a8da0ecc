# must fail at: does not try again when ■ has interrupted it
from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:
            try:
                return super().perform_now(*args)
            except KeyboardInterrupt:
                return super().perform_now(*args)
