# must fail at: a job that fails gives its place back
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            except Exception as error:
                print(error)
            cls.places.release()

        # The caller waits here. In the thread, there would be a thread for each call again.
        cls.places.acquire()
        thread = threading.Thread(target=work)
        thread.start()
        return thread
