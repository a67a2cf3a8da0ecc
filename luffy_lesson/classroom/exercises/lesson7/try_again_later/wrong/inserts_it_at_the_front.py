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
                self.later.insert(0, (function, tries + 1))
            else:
                self.dead.insert(0, (function, error))
        finally:
            self.queue.task_done()
