# must fail at: has a new future for each job
futures = {}
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        key = cls, args
        if key in futures:
            return futures[key]
        future = futures[key] = Future()

        def work():
            try:
                future.set_result(cls.perform_now(*args))
            except BaseException as e:
                future.set_exception(e)

        threading.Thread(target=work).start()
        return future
