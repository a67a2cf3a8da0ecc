# must fail at: several threads work for it at the same time
import threading


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries
        self.lock = threading.Lock()

    def step(self):
        with self.lock:
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
