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
            except BaseException as error:
                future.set_exception(error)
                raise

        threading.Thread(target=work).start()
        return future
