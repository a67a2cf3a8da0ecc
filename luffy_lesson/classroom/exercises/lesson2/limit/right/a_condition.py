import threading

from luffy_lesson import step1_sync


class Polite(step1_sync.Worker):
    working = 0
    changed = threading.Condition()

    @classmethod
    def perform_async(cls, *args):
        def work():
            try:
                cls.perform_now(*args)
            finally:
                with Polite.changed:
                    Polite.working -= 1
                    Polite.changed.notify()

        with Polite.changed:
            while Polite.working == 5:
                Polite.changed.wait()
            Polite.working += 1
        thread = threading.Thread(target=work)
        thread.start()
        return thread
