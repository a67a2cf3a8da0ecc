# must fail at: does not let a job wait for another one
pool = __import__("concurrent.futures").futures.ThreadPoolExecutor(2)
from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        return pool.submit(cls.perform_now, *args)
