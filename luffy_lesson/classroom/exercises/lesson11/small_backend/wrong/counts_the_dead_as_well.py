# must fail at: one that fails is tried again, and then dead
import json
import math

from luffy_lesson.classroom.experiments.small_engine import Errand, Tray
from luffy_lesson.step11_engines.engine import EngineBackend


class SmallBackend(EngineBackend):
    engine = "The tray"

    def __init__(self, path, lease=60):
        self.tray, self.lease = Tray(path), lease

    def __repr__(self):
        return f"<SmallBackend {self.tray.path}>"

    def errand(self, job, due=0):
        job = self.check(job)
        name = job.worker.__name__
        pauses = [math.ceil(self.backoff(name, tries) * 1000) for tries in range(job.worker.retries)]
        return Errand(name, json.dumps(job.args), math.ceil(due * 1000), pauses)

    def put(self, job):
        self.tray.add(self.errand(job))

    def put_bulk(self, jobs):
        self.tray.add(*[self.errand(job) for job in jobs])

    def schedule(self, job, due):
        self.tray.add(self.errand(job, due))

    def now(self):
        return self.tray.clock() / 1000

    def qsize(self):
        return sum(errand.not_before <= self.tray.clock() for errand in self.tray.look())

    def work(self):
        self.tray.run(self.handle, settle="after", lease=math.ceil(self.lease * 1000))

    def handle(self, errand):
        self.perform(errand.kind, json.loads(errand.details))
