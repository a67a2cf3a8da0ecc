# must fail at: five at most, when several call at once
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    threads = []

    @classmethod
    def perform_async(cls, *args):
        while len(alive := [thread for thread in Polite.threads if thread.is_alive()]) >= 5:
            alive[0].join(0.01)
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        Polite.threads.append(thread)
        return thread
