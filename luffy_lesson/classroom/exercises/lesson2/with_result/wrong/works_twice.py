# must fail at: the job goes through `perform_now`
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()

        def work():
            try:
                cls.perform_now(*args)
            except BaseException as e:
                future.set_exception(e)
            else:
                future.set_result(cls.perform_now(*args))

        threading.Thread(target=work).start()
        return future
