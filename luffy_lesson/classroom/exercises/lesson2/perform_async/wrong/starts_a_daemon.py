# must fail at: a script waits for the thread before it ends
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.daemon = True
        thread.start()
        return thread
