"""The engines that are measured: a small file for each, with the settings in which it runs.

Each runs in processes of its own, which `python -m contenders` starts: one that gives jobs, and one that does them.
"""

import os
import sys
from collections.abc import Iterator
from typing import ClassVar

NAMES = ("luffy", "raw", "ruby", "rq", "celery", "dramatiq", "taskiq", "huey")
"""The files. Each has its `variants`."""

THREADS = int(os.environ.get("BENCHMARK_THREADS", 5))
"""How many threads a worker process has."""


def url() -> str:
    """Return the address of the server that is measured with."""
    return os.environ["REDIS_URL"]


def portions(number: int, most: int = 1000) -> Iterator[int]:
    """Divide a number into portions."""
    for done in range(0, number, most):
        yield min(most, number - done)


class Contender:
    """An engine in one of its settings. It is made in a process that gives jobs, or does them."""

    name: ClassVar[str]
    guarantee: ClassVar[str]
    share: ClassVar[float] = 1
    """How many jobs it is given, as a multiple of what others are: to measure it takes neither minutes nor no time."""
    environment: ClassVar[dict[str, str]] = {}
    """What is set for its processes."""
    program: ClassVar[tuple[str, ...]] = (sys.executable, "-m", "contenders")
    """What its processes run."""
    bulk = None
    """Where the engine can: a method that gives so many jobs in as few calls as it likes."""

    def send(self, sent: float) -> None:
        """Give one job, which calls `job.noop` with the time at which it was `sent`."""
        raise NotImplementedError

    def enqueue(self, number: int) -> None:
        """Give jobs one by one."""
        for _ in range(number):
            self.send(0.0)

    def work(self) -> None:
        """Do jobs. May return when other threads go on doing them."""
        raise NotImplementedError
