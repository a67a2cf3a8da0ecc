# must fail at: makes a new instance for each job
class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        return cls.__new__(cls).perform(*args)
