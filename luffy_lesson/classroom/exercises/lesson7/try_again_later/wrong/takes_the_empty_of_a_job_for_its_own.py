# must fail at: whatever it raises: `sys.exit()`, too, is no way out
import queue


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        try:
            function, tries = self.queue.get()
            function()
        except queue.Empty:
            return
        except BaseException as error:
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        self.queue.task_done()
