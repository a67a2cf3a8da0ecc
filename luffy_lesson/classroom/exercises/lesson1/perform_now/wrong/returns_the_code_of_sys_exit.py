# must fail at: lets an exception through to the caller
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        try:
            return cls().perform(*args)
        except SystemExit as e:
            return e.code
