# must fail at: waits for a job when there is none
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        if self.queue.empty():
            return
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
