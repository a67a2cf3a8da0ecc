"""Huey, with threads."""

from typing import Any

from huey import RedisHuey
from huey.consumer import Consumer

from contenders import THREADS, Contender, job, url


class Default(Contender):
    """As it comes."""

    name, guarantee = "Huey", "at most once"
    storage: dict[str, Any] = {}
    options: dict[str, Any] = {}

    def __init__(self) -> None:
        self.huey = RedisHuey("benchmark", url=url(), **self.storage)
        self.noop = self.huey.task()(job.noop)

    def send(self, sent: float) -> None:
        """Call it."""
        self.noop(sent)

    def work(self) -> None:
        """Run a consumer in this thread: it wants signals."""
        Consumer(self.huey, workers=THREADS, **self.options).run()


class Best(Default):
    """No results, and no look at the clock for tasks that come again and again."""

    name = "Huey, no results"
    storage = {"results": False}
    options = {"periodic": False, "check_worker_health": False}


variants = [Default, Best]
