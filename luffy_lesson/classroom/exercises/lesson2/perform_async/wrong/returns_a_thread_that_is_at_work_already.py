# must fail at: starts a thread for each job
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    thread = threading.Thread()

    @classmethod
    def perform_async(cls, *args):
        if not cls.thread.is_alive():
            cls.thread = threading.Thread(target=cls.perform_now, args=args)
            cls.thread.start()
        return cls.thread
