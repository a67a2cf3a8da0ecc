import contextlib

from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        with contextlib.suppress(Exception):
            return super().perform_now(*args)
        return super().perform_now(*args)
