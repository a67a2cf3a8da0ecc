# must fail at: after its last try it is dead, with the error
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            if tries == self.retries:
                self.dead.append((function, error))
            else:
                self.later.append((function, tries + 1))
        finally:
            self.queue.task_done()
