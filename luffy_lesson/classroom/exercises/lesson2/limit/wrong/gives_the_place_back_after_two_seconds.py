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
        cls.places.acquire()
        threading.Timer(2, cls.places.release).start()
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        return thread
