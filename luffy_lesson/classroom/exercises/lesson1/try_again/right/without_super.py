from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return cls().perform(*args)
        except KeyboardInterrupt:
            raise
        except BaseException:
            return cls().perform(*args)
