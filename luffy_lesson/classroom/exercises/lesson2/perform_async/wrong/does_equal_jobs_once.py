# must fail at: starts a thread for each job
running = {}
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        key = cls, repr(args)
        if key in running and running[key].is_alive():
            return running[key]
        running[key] = thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        return thread
