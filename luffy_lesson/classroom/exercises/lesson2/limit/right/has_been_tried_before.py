import threading
import time

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    threads = []  # to join them all
    places = threading.Semaphore(5)

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:
                cls.places.release()

        cls.places.acquire()
        thread = threading.Thread(target=work)
        thread.start()
        cls.threads.append(thread)
        return thread


class Visit(Polite):
    def perform(self):
        time.sleep(0.3)


for _ in range(7):
    Visit.perform_async()  # nobody waits for it
