# must fail at: the job goes through `perform_now`
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        thread = threading.Thread(target=super().perform_now, args=args)
        thread.start()
        return thread
