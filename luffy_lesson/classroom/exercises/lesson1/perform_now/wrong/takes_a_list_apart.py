# must fail at: hands on the arguments
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        if len(args) == 1 and isinstance(args[0], (list, tuple)):
            args = args[0]
        return cls().perform(*args)
