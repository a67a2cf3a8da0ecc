# must fail at: several threads work for it at the same time
class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        self.job = self.queue.get()
        try:
            self.job[0]()
        except BaseException as error:
            function, tries = self.job
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
