# must fail at: a job that ends lets the next one begin
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    threads = []

    @classmethod
    def perform_async(cls, *args):
        if len(cls.threads) == 5:
            cls.threads.pop(0).join()
        thread = threading.Thread(target=cls.perform_now, args=args)
        thread.start()
        cls.threads.append(thread)
        return thread
