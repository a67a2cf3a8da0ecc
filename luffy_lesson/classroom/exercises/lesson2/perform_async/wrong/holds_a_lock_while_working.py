# must fail at: 30 jobs work at the same time
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        def work():
            with cls.lock:
                cls.perform_now(*args)

        thread = threading.Thread(target=work)
        thread.start()
        return thread
