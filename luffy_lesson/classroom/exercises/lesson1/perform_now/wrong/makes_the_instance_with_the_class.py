# must fail at: makes a new instance for each job
class MyWorker:
    def __init_subclass__(cls):
        cls.worker = cls()

    @classmethod
    def perform_now(cls, *args):
        return cls.worker.perform(*args)
