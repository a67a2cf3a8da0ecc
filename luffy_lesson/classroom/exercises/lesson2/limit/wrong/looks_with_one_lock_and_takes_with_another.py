# must fail at: five at most, when several call at once
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    at_work = 0
    looking = threading.Lock()
    counting = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        with cls.looking:
            while Polite.at_work >= 5:
                time.sleep(0.005)
        with cls.counting:
            Polite.at_work += 1

        def work():
            try:
                cls.perform_now(*args)
            finally:
                with cls.counting:
                    Polite.at_work -= 1

        thread = threading.Thread(target=work)
        thread.start()
        return thread
