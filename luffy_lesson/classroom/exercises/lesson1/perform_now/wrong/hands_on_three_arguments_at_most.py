# must fail at: hands on the arguments
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        return cls().perform(*args[:3])
