# must fail at: makes a new instance for each job
class MyWorker:
    instance = None

    @classmethod
    def perform_now(cls, *args):
        if cls.instance is None:
            cls.instance = cls()
        return cls.instance.perform(*args)
