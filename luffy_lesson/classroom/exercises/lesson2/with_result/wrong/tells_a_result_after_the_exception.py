# must fail at: raises nothing in a thread
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()

        def work():
            try:
                result = cls.perform_now(*args)
            except BaseException as e:
                result = None
                future.set_exception(e)
            future.set_result(result)

        threading.Thread(target=work).start()
        return future
