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
                if result:
                    future.set_result(result)
                else:
                    future.set_result(None)
            except BaseException as e:
                future.set_exception(e)

        threading.Thread(target=work).start()
        return future
