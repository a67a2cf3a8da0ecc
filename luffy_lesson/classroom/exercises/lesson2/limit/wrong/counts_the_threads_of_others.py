# must fail at: lets five work at the same time
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
        while threading.active_count() > 5:
            time.sleep(0.01)
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        return thread
