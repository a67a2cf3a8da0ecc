import threading

from luffy_lesson import step1_sync


class Job(threading.Thread):
    def __init__(self, cls, args):
        super().__init__()
        self.cls, self.args = cls, args

    def run(self):
        self.cls.perform_now(*self.args)


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        job = Job(cls, args)
        job.start()
        return job
