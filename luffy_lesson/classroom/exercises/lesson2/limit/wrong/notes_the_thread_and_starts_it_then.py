# must fail at: five at most, when several call at once
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    at_work = []

    @classmethod
    def perform_async(cls, *args):
        while sum(map(threading.Thread.is_alive, Polite.at_work)) >= 5:
            time.sleep(0.01)
        thread = threading.Thread(target=cls.perform_now, args=args)
        Polite.at_work.append(thread)
        thread.start()
        return thread
