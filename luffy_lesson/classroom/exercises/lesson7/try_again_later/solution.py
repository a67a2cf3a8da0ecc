class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        try:
            function()
        except BaseException as error:  # `sys.exit()` raises what is no `Exception`
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, error))
        finally:
            # Last: who waits in `join()` finds the job where it belongs.
            self.queue.task_done()
