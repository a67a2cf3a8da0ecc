# must fail at: has the job's result later
from concurrent.futures import Future

from luffy_lesson import step1_sync


class Lazy(Future):
    def __init__(self, call, args):
        super().__init__()
        self.call, self.args = call, args

    def result(self, timeout=None):
        if not self.done():
            try:
                self.set_result(self.call(*self.args))
            except BaseException as e:
                self.set_exception(e)
        return super().result(timeout)


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        return Lazy(cls.perform_now, args)
