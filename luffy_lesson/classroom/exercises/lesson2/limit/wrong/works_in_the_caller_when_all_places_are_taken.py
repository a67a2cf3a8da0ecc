# must fail at: a job that ends lets the next one begin
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:
                cls.places.release()

        if not cls.places.acquire(blocking=False):
            cls.places.acquire()
            work()
            return threading.current_thread()
        thread = threading.Thread(target=work)
        thread.start()
        return thread
