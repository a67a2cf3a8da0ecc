# must fail at: begins the job at once
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Timer(1, cls.perform_now, args)
        thread.start()
        return thread
