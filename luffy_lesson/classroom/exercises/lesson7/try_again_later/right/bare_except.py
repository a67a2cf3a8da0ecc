import sys


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue = queue
        self.later = later
        self.dead = dead
        self.retries = retries

    def step(self):
        item = self.queue.get()
        try:
            item[0]()
        except:  # noqa: E722
            if item[1] >= self.retries:
                self.dead += [(item[0], sys.exc_info()[1])]
            else:
                self.later += [(item[0], item[1] + 1)]
        self.queue.task_done()
