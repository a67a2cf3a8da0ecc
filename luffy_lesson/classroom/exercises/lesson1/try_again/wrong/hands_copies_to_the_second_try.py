# must fail at: whatever it raises
import copy

from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        now = super().perform_now
        saved = copy.deepcopy(args)
        try:
            return now(*args)
        except Exception:
            return now(*saved)
