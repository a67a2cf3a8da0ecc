import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        # The method itself, without parentheses: it is called in the thread.
        thread = threading.Thread(target=cls.perform_now, args=args, name="mine")
        thread.start()  # returns at once; `run()` would do the work here
        return thread
