# must fail at: of many jobs each is tried until it succeeds, or is dead
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries
        self.error = None

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            self.error = error
        if self.error is not None and tries < self.retries:
            self.later.append((function, tries + 1))
        elif self.error is not None:
            self.dead.append((function, self.error))
        self.queue.task_done()
