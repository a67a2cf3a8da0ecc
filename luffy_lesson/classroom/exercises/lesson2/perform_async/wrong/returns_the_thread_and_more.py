# must fail at: returns a thread
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        t = threading.Thread(target=cls.perform_now, args=args)
        t.start()
        return t, args
