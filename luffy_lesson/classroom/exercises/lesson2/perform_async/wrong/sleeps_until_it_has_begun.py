# must fail at: returns before the work is done
import threading
import time

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        time.sleep(0.1)
        return thread
