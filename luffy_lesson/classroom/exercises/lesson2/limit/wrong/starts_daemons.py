# must fail at: returns the threads
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)

    @classmethod
    def perform_async(cls, *args):
        Polite.places.acquire()

        def work():
            with_place(cls, args)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


def with_place(worker, args):
    try:
        worker.perform_now(*args)
    finally:
        Polite.places.release()
