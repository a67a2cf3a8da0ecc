# must fail at: makes a new instance for each job
import copy


class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        if "first" not in vars(cls):
            cls.first = cls()
        return copy.copy(cls.first).perform(*args)
