# must fail at: the sixth caller waits
pool = __import__("concurrent.futures").futures.ThreadPoolExecutor(5)
import concurrent.futures
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        future = pool.submit(cls.perform_now, *args)
        thread = threading.Thread(target=concurrent.futures.wait, args=([future],))
        thread.start()
        return thread
