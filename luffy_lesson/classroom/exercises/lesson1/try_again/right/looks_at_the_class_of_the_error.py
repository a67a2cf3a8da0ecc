from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except BaseException as error:
            if not isinstance(error, Exception):
                raise
            return super().perform_now(*args)
