import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            except Exception as error:
                print(error)
                raise

        thread = threading.Thread(target=work)
        thread.start()
        return thread
