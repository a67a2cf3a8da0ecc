# must fail at: returns at once
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()

        def work():
            try:
                future.set_result(cls.perform_now(*args))
            except BaseException as e:
                future.set_exception(e)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.2)
        return future
