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
        while not cls.places.acquire(blocking=False):
            time.sleep(1)

        def work():
            try:
                cls.perform_now(*args)
            finally:
                cls.places.release()

        thread = threading.Thread(target=work)
        thread.start()
        return thread
