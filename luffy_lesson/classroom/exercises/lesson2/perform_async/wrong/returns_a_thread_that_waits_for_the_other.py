# must fail at: the thread does the job, with the arguments
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        inner = threading.Thread(target=cls.perform_now, args=args)
        inner.start()
        outer = threading.Thread(target=inner.join)
        outer.start()
        return outer
