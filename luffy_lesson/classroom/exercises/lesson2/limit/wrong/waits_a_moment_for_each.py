# must fail at: returns the threads
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
            finally:
                cls.places.release()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.2)
        return thread
