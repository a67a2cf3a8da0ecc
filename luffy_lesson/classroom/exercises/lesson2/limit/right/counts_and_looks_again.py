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
        while True:
            with Polite.lock:
                if Polite.running < 5:
                    Polite.running += 1
                    break
            time.sleep(0.005)

        def work():
            try:
                cls.perform_now(*args)
            finally:
                with Polite.lock:
                    Polite.running -= 1

        t = threading.Thread(target=work)
        t.start()
        return t
