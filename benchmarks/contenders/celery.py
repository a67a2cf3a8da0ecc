"""Celery, with its pool of threads."""

from typing import Any

from celery import Celery, group

from contenders import THREADS, Contender, job, portions, url


class Default(Contender):
    """As it comes."""

    name, guarantee, share = "Celery, threads", "early acknowledgement", 0.25
    configuration: dict[str, Any] = {}
    options: dict[str, Any] = {}

    def __init__(self) -> None:
        self.app = Celery("benchmark", broker=url())
        self.app.conf.update(self.configuration)
        self.noop = self.app.task(job.noop, name="noop")

    def send(self, sent: float) -> None:
        """Use `delay`."""
        self.noop.delay(sent)

    def bulk(self, number: int) -> None:
        """Use a group of a thousand."""
        for size in portions(number):
            group(self.noop.s(0.0) for _ in range(size)).apply_async()

    def work(self) -> None:
        """Run a worker in this thread: it wants signals."""
        self.app.Worker(pool="threads", concurrency=THREADS, loglevel="WARNING", **self.options).start()


class Best(Default):
    """Many jobs taken ahead, and no words between workers."""

    name = "Celery, threads, prefetch 500"
    configuration = {"worker_prefetch_multiplier": 500 // THREADS, "task_ignore_result": True}
    options = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}


variants = [Default, Best]
