class MyProcessor:
    def __init__(self, queue, later, dead, retries):
        self.jobs, self.later, self.dead, self.most = queue, later, dead, retries

    def step(self):
        job = self.jobs.get(timeout=1)
        failed = None
        try:
            job[0]()
        except BaseException as error:
            failed = error
        if failed and job[1] >= self.most:
            self.dead += [(job[0], failed)]
        elif failed:
            self.later += [(job[0], job[1] + 1)]
        self.jobs.task_done()
