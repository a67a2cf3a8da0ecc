# must fail at: the sixth caller waits
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        if not cls.places.acquire(timeout=0.05):
            raise RuntimeError("too many")

        def work():
            try:
                cls.perform_now(*args)
            finally:
                cls.places.release()

        thread = threading.Thread(target=work)
        thread.start()
        return thread
