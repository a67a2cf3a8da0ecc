# must fail at: does not let a job wait for another one
from concurrent.futures import ThreadPoolExecutor

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    executor = ThreadPoolExecutor(max_workers=5, thread_name_prefix="future")

    @classmethod
    def perform_future(cls, *args):
        return cls.executor.submit(cls.perform_now, *args)
