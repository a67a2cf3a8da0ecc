import contextlib
import threading
from concurrent.futures import Future, InvalidStateError

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()

        def fill():
            with contextlib.suppress(InvalidStateError):
                try:
                    result = cls.perform_now(*args)
                except BaseException as e:
                    future.set_exception(e)
                else:
                    future.set_result(result)

        threading.Thread(target=fill).start()
        return future
