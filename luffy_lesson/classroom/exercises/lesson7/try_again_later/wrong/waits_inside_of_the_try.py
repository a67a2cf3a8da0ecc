# must fail at: an interrupt while it waits leaves `step`, and no job is done
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = None, 0
        try:
            function, tries = self.queue.get()
            function()
        except BaseException as error:
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
