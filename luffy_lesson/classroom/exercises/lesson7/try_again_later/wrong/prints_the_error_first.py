# must fail at: it may be anything that can be called, and raise what cannot be printed
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            reason = f"failed: {error}"
            print(reason)
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
