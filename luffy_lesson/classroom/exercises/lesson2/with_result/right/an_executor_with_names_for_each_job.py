from concurrent.futures import ThreadPoolExecutor

from luffy_lesson import step1_sync


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        with_one_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="future")
        try:
            return with_one_thread.submit(cls.perform_now, *args)
        finally:
            with_one_thread.shutdown(wait=False)
