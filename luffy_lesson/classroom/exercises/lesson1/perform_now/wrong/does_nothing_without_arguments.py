# must fail at: hands on the arguments
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        if args:
            return cls().perform(*args)
