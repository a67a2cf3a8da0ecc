# must fail at: 30 jobs work at the same time
places = __import__("threading").Semaphore(20)
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        def work():
            with places:
                cls.perform_now(*args)

        thread = threading.Thread(target=work)
        thread.start()
        return thread
