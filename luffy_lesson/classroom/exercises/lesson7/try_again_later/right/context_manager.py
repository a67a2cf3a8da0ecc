import contextlib


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    @contextlib.contextmanager
    def taken(self):
        function, tries = self.queue.get()
        try:
            yield function
        except BaseException as error:
            self.failed(function, tries, error)
        finally:
            self.queue.task_done()

    def failed(self, function, tries, error):
        again = tries < self.retries
        target = self.later if again else self.dead
        target.append((function, tries + 1) if again else (function, error))

    def step(self):
        with self.taken() as function:
            function()
