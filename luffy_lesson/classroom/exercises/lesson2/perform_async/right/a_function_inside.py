import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        def work():
            cls.perform_now(*args)

        thread = threading.Thread(target=work, name=f"{cls.__name__}{args}")
        thread.start()
        return thread
