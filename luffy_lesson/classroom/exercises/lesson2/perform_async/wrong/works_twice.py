# must fail at: the thread does the job, with the arguments
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        def work():
            cls.perform_now(*args)
            cls.perform_now(*args)

        t = threading.Thread(target=work)
        t.start()
        return t
