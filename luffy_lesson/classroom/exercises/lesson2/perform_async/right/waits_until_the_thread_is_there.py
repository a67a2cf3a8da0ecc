import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        started = threading.Event()

        def work():
            started.set()
            cls.perform_now(*args)

        t = threading.Thread(target=work)
        t.start()
        started.wait()
        return t
