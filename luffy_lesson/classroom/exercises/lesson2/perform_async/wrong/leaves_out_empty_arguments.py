# must fail at: hands on any arguments
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=cls.perform_now, args=tuple(a for a in args if a))
        thread.start()
        return thread
