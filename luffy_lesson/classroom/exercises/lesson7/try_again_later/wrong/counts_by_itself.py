# must fail at: a job that raises is tried again later, once more than before
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries
        self.failures = {}

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            tries = self.failures[function] = self.failures.get(function, 0) + 1
            if tries <= self.retries:
                self.later.append((function, tries))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
