# must fail at: hands on the arguments
import copy


class MyWorker:
    @classmethod
    def perform_now(cls, *args):
        return cls().perform(*copy.deepcopy(args))
