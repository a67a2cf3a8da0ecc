# must fail at: a job that ends lets the next one begin
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
        with cls.lock:
            while sum(t.is_alive() for t in cls.threads) >= 5:
                time.sleep(0.5)
            thread = threading.Thread(target=cls.perform_now, args=args)
            thread.start()
            cls.threads.append(thread)
        return thread
