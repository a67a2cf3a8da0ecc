# must fail at: makes a new instance for each job
class MyWorker:
    instances = {}

    @classmethod
    def perform_now(cls, *args):
        return cls.instances.setdefault(cls, cls()).perform(*args)
