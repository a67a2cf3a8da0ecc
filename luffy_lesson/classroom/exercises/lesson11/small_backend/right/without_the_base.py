import json
from decimal import ROUND_CEILING, Decimal

from luffy_lesson.classroom.experiments.small_engine import Errand, Tray
from luffy_lesson.step10_process import Message


class SmallBackend:
    def __init__(self, path, lease=60):
        self.lease = lease
        self.tray = Tray(path)

    def encode(self, jobs, due=0.0):
        errands = []
        for job in jobs:
            Message.encode(job)  # raises TypeError
            pauses = []
            for tries in range(job.worker.retries):
                pauses.append(int(1000 * job.worker.backoff(tries)))
            at = int((Decimal(due) * 1000).to_integral_value(ROUND_CEILING))
            errands.append(Errand(job.worker.__name__, json.dumps({"args": job.args}), at, tuple(pauses)))
        return errands

    def put(self, job):
        self.put_bulk([job])

    def put_bulk(self, jobs):
        self.tray.add(*self.encode(jobs))

    def schedule(self, job, due):
        self.tray.add(*self.encode([job], due))

    def now(self):
        return self.tray.clock() / 1e3

    def qsize(self):
        return self.tray.count("ready")

    def perform(self, name, args):
        try:
            Message(json.dumps({"worker": name, "args": args}).encode()).perform()
        except Exception:
            raise
        except BaseException as error:
            raise RuntimeError(f"{name} wanted to end the process") from error

    def work(self):
        self.tray.run(lambda errand: self.perform(errand.kind, **json.loads(errand.details)), "after", self.lease * 1000)

    def get(self, block=True, timeout=None):
        raise NotImplementedError("the tray hands its errands to a handler")

    def task_done(self):
        raise NotImplementedError("the tray settles errands itself")

    def join(self):
        raise NotImplementedError("the tray does not say when all is done")
