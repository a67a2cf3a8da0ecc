import sys
import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


def work(worker, args, future):
    try:
        result = worker.perform_now(*args)
    except:
        future.set_exception(sys.exc_info()[1])
    else:
        future.set_result(result)


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        future = Future()
        threading.Thread(target=work, args=(cls, args, future), daemon=True).start()
        return future
