# must fail at: has a new future for each job
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        cls.future = Future()

        def work():
            try:
                cls.future.set_result(cls.perform_now(*args))
            except BaseException as e:
                cls.future.set_exception(e)

        threading.Thread(target=work).start()
        return cls.future
