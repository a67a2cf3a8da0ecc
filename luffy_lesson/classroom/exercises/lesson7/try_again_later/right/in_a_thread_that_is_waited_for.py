import threading


class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.queue, self.later, self.dead, self.retries = queue, later, dead, retries

    def step(self):
        function, tries = self.queue.get()
        errors = []

        def work():
            try:
                function()
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if errors:
            if tries < self.retries:
                self.later.append((function, tries + 1))
            else:
                self.dead.append((function, errors[0]))
        self.queue.task_done()
