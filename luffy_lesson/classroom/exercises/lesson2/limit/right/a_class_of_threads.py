class Mine(__import__("threading").Thread):
    def run(self):
        try:
            super().run()
        finally:
            Polite.places.release()


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
        thread = Mine(target=cls.perform_now, args=args)
        thread.start()
        return thread
