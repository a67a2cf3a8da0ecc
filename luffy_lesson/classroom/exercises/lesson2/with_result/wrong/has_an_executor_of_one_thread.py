# must fail at: does not let a job wait for another one
executor = __import__("concurrent.futures").futures.ThreadPoolExecutor(1)
from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        return executor.submit(cls.perform_now, *args)
