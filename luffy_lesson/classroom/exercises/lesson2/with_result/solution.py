import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()
        future.set_running_or_notify_cancel()  # from now on `cancel()` is too late: the thread will fill it

        def work():
            try:
                future.set_result(cls.perform_now(*args))
            except BaseException as error:  # or its caller waits for ever
                future.set_exception(error)

        threading.Thread(target=work).start()
        return future
