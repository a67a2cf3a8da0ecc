import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()
        future.set_running_or_notify_cancel()

        def work(future):
            try:
                answer = cls.perform_now(*args)
            except:
                import sys

                future.set_exception(sys.exc_info()[1])
                return
            future.set_result(answer)

        threading.Thread(target=work, args=(future,)).start()
        return future
