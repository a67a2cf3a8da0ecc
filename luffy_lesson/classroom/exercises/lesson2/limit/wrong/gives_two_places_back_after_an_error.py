# must fail at: a job that fails gives its place back
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        cls.places.acquire()

        def work():
            try:
                cls.perform_now(*args)
            except Exception:
                cls.places.release()
                raise
            finally:
                cls.places.release()

        thread = threading.Thread(target=work)
        thread.start()
        return thread
