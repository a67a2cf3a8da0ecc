from concurrent.futures import ThreadPoolExecutor

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        executor = ThreadPoolExecutor(max_workers=1)
        future = executor.submit(cls.perform_now, *args)
        executor.shutdown(wait=False)
        return future
