# must fail at: has the result, whatever it is
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
                result = e
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

        threading.Thread(target=work).start()
        return future
