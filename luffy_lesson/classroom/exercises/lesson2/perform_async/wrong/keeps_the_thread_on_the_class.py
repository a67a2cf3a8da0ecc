# must fail at: each of several callers gets the thread of its own job
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        cls.thread = threading.Thread(target=cls.perform_now, args=args)
        cls.thread.start()
        return cls.thread
