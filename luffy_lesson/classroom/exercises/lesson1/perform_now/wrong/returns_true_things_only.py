# must fail at: returns what `perform` returns
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        result = cls().perform(*args)
        if result:
            return result
