# must fail at: has started the thread
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        threading.Thread(target=cls.perform_now, args=args).start()
        return threading.Thread(target=cls.perform_now, args=args)
