import ast
from math import ceil

from luffy_lesson.classroom.experiments import small_engine
from luffy_lesson.step11_engines.engine import EngineBackend


def milliseconds(seconds):
    return ceil(seconds * 1000)


class SmallBackend(EngineBackend):
    engine = "The tray"
    away = ()

    def __init__(self, path, lease=60):
        self.path, self.lease = path, lease
        self.tray = small_engine.Tray(path)

    def __repr__(self):
        return f"<SmallBackend {self.path}>"

    def send_all(self, jobs, due=None):
        self.tray.add(*[self.translated(self.check(job), due) for job in jobs])

    def translated(self, job, due):
        worker = self.worker(job.worker.__name__)
        waits = map(worker.backoff, range(worker.retries))
        return small_engine.Errand(
            kind=job.worker.__name__,
            details=repr(job.args),
            not_before=milliseconds(due or 0),
            pauses=tuple(map(milliseconds, waits)),
        )

    def now(self):
        return 0.001 * self.tray.clock()

    def qsize(self):
        return self.tray.count(what="ready")

    def work(self):
        def handler(errand):
            self.perform(errand.kind, ast.literal_eval(errand.details), "")

        self.tray.run(handler, "after", milliseconds(self.lease))
