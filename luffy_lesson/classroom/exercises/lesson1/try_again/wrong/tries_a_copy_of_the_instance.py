# must fail at: by a new instance
import copy

from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        worker = cls()
        try:
            return worker.perform(*args)
        except Exception:
            return copy.copy(worker).perform(*args)
