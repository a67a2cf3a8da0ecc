import queue
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    places = threading.Semaphore(5)
    threads = []
    running = 0
    lock = threading.Lock()

    @classmethod
    def perform_async(cls, *args):
        ready = queue.Queue()

        def work():
            with cls.places:
                ready.put(1)
                cls.perform_now(*args)

        with cls.lock:
            cls.places.acquire()
            cls.places.release()
            thread = threading.Thread(target=work)
            thread.start()
            ready.get()
        return thread
