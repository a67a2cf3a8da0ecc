# must fail at: there are five threads
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
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()

        def release():
            thread.join()
            cls.places.release()

        threading.Thread(target=release).start()
        return thread
