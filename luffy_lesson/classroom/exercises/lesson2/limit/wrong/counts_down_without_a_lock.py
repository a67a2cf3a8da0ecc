# must fail at: five that end at once give five places back
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    lock = threading.Lock()
    at_work = 0

    @classmethod
    def perform_async(cls, *args):
        while True:
            with cls.lock:
                if Polite.at_work < 5:
                    Polite.at_work += 1
                    break
            time.sleep(0.002)

        def work():
            try:
                cls.perform_now(*args)
            finally:
                left = Polite.at_work - 1
                Polite.at_work = left

        thread = threading.Thread(target=work)
        thread.start()
        return thread
