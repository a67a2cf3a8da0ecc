# must fail at: returns a thread
from concurrent.futures import ThreadPoolExecutor

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        return ThreadPoolExecutor(1).submit(cls.perform_now, *args)
