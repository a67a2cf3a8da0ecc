# must fail at: performs the job, once
import threading


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        threading.Thread(target=self.work, args=self.queue.get()).start()

    def work(self, function, tries):
        try:
            function()
        except BaseException as error:
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            self.queue.task_done()
