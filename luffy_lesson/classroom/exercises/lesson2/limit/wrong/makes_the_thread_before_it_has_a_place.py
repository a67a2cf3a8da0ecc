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
        ready = threading.Event()

        def work():
            with cls.places:
                ready.set()
                cls.perform_now(*args)

        thread = threading.Thread(target=work)
        thread.start()
        ready.wait()
        return thread
