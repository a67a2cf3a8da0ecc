# must fail at: five at most, when several call at once
import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        while len([t for t in cls.threads if t.is_alive()]) >= 5:
            time.sleep(0.01)
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        cls.threads.append(thread)
        return thread
