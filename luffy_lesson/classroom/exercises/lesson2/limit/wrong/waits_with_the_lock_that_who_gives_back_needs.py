# must fail at: a job that ends lets the next one begin
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    lock = threading.Lock()
    working = [0]

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:
                with cls.lock:
                    cls.working[0] -= 1

        with cls.lock:
            while cls.working[0] == 5:
                time.sleep(0.01)
            cls.working[0] += 1
        thread = threading.Thread(target=work)
        thread.start()
        return thread
