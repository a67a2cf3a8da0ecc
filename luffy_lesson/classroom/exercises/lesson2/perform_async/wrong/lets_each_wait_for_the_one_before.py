# must fail at: 30 jobs work at the same time
last = None
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        global last
        before = last

        def work():
            if before:
                before.join()
            cls.perform_now(*args)

        last = threading.Thread(target=work)
        last.start()
        return last
