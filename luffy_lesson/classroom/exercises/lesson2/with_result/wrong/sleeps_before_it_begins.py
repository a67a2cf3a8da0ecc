# must fail at: does not let a job wait for another one
import threading
import time
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()

        def work():
            time.sleep(1)
            try:
                future.set_result(cls.perform_now(*args))
            except BaseException as e:
                future.set_exception(e)

        threading.Thread(target=work).start()
        return future
