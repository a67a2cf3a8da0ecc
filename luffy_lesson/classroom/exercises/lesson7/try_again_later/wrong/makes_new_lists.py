# must fail at: a job that raises is tried again later, once more than before
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            if tries < self.retries:
                self.later = [*self.later, (function, tries + 1)]
            else:
                self.dead = [*self.dead, (function, error)]
        finally:
            self.queue.task_done()
