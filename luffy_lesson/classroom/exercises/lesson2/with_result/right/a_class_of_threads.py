import threading
from concurrent.futures import Future

from luffy_lesson import step1_sync


class Filler(threading.Thread):
    def __init__(self, call, args):
        super().__init__()
        self.call, self.args, self.future = call, args, Future()

    def run(self):
        try:
            self.future.set_result(self.call(*self.args))
        except BaseException as e:
            self.future.set_exception(e)


class WithResult(step1_sync.Worker):
    @classmethod
    def perform_future(cls, *args):
        filler = Filler(cls.perform_now, args)
        filler.start()
        return filler.future
