"""Dramatiq on Redis."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from contenders import THREADS, Contender, job, url


class Default(Contender):
    """As it comes."""

    name, guarantee, share = "Dramatiq", "at least once", 0.5
    options: dict[str, list[dramatiq.Middleware]] = {}

    def __init__(self) -> None:
        self.broker = RedisBroker(url=url(), **self.options)
        self.noop = dramatiq.actor(job.noop, broker=self.broker)

    def send(self, sent: float) -> None:
        """Use `send`."""
        self.noop.send(sent)

    def work(self) -> None:
        """Start a worker, with its threads."""
        dramatiq.Worker(self.broker, worker_threads=THREADS).start()


class Best(Default):
    """Many jobs taken ahead, and nothing around them."""

    name, share = "Dramatiq, prefetch 500, no middleware", 1
    options = {"middleware": []}
    environment = {"dramatiq_queue_prefetch": "500"}


variants = [Default, Best]
