# must fail at: makes a new instance for each job
import copy


class MyWorker:
    patterns = {}

    @classmethod
    def perform_now(cls, *args):
        pattern = cls.patterns.get(cls) or cls.patterns.setdefault(cls, cls())
        return copy.deepcopy(pattern).perform(*args)
