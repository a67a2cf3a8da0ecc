done = __import__("threading").Condition()
busy = set()
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:
                with done:
                    busy.discard(thread)
                    done.notify_all()

        thread = threading.Thread(target=work)
        with done:
            done.wait_for(lambda: len(busy) < 5)
            busy.add(thread)
        thread.start()
        return thread
