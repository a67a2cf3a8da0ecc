# must fail at: is appended behind what is there, and its equal, too
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            if tries < self.retries:
                if (function, tries + 1) not in self.later:
                    self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
