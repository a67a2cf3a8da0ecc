# must fail at: lets an exception through to the caller
import threading


class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        results = [None]

        def work():
            results[0] = cls().perform(*args)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return results[0]
