# must fail at: no sixth job is begun meanwhile
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

        thread = threading.Thread(target=work)
        thread.start()
        cls.places.acquire()
        return thread
