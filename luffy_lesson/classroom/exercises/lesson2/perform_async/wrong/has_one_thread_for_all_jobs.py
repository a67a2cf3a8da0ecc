# must fail at: the thread does the job, with the arguments
import queue

jobs = queue.Queue()


def loop():
    while True:
        cls, args = jobs.get()
        cls.perform_now(*args)


worker = None
import threading

from luffy_lesson import step1_sync


class MyWorker(step1_sync.Worker):
    @classmethod
    def perform_async(cls, *args):
        global worker
        if worker is None:
            worker = threading.Thread(target=loop, daemon=True)
            worker.start()
        jobs.put((cls, args))
        return worker
