# must fail at: no sixth job is begun meanwhile
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(6)

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:  # a job that fails must not keep its place
                cls.places.release()

        # The caller waits here. In the thread, there would be a thread for each call again.
        cls.places.acquire()
        thread = threading.Thread(target=work)
        thread.start()
        return thread
