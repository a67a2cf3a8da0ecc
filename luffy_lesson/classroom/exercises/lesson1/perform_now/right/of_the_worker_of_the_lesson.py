from luffy_lesson.step1_sync import Worker


class MyWorker(Worker):
    @classmethod
    def perform_now(cls, *args):
        return super().perform_now(*args)
