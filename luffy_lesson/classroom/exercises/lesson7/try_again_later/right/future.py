from concurrent.futures import Future


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        outcome = Future()
        try:
            outcome.set_result(function())
        except BaseException as error:
            outcome.set_exception(error)
        error = outcome.exception()
        if error is not None and tries < self.retries:
            self.later.append((function, tries + 1))
        elif error is not None:
            self.dead.append((function, error))
        self.queue.task_done()
