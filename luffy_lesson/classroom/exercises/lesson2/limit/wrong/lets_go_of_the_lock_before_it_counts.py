# must fail at: five at most, when several call at once
import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    change = threading.Condition()
    at_work = set()

    @classmethod
    def perform_async(cls, *args):
        with Polite.change:
            while len(Polite.at_work) >= 5:
                Polite.change.wait()

        def work():
            try:
                cls.perform_now(*args)
            finally:
                with Polite.change:
                    Polite.at_work.discard(threading.current_thread())
                    Polite.change.notify()

        thread = threading.Thread(target=work)
        with Polite.change:
            Polite.at_work.add(thread)
        thread.start()
        return thread
