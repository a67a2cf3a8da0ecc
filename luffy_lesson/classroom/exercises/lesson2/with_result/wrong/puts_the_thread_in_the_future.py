# must fail at: returns before the work is done
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        future.set_result(thread)
        return future
