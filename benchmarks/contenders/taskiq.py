"""Taskiq on Redis: on a stream, and on a list."""

import asyncio
import time
from typing import Any

from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker, RedisStreamBroker

from contenders import THREADS, Contender, job, url


class Stream(Contender):
    """As it comes, with the job in a thread."""

    name, guarantee, share = "taskiq, stream", "at least once", 0.5
    broker: type = RedisStreamBroker
    job: Any = staticmethod(job.noop)
    storage: dict[str, Any] = {}
    options: dict[str, Any] = {}

    def __init__(self) -> None:
        self.tasks = self.broker(url(), **self.storage)
        self.noop = self.tasks.task(task_name="noop")(self.job)
        self.runner = asyncio.Runner()
        self.runner.run(self.tasks.startup())  # makes the group, without which what is sent now is never read

    def send(self, sent: float) -> None:
        """Use `kiq`, and look at the clock in the loop: who uses taskiq has one that runs."""

        async def send() -> None:
            await self.noop.kiq(time.monotonic() if sent else sent)

        self.runner.run(send())

    def enqueue(self, number: int) -> None:
        """Use `kiq`, in one loop."""

        async def enqueue() -> None:
            for _ in range(number):
                await self.noop.kiq(0.0)

        self.runner.run(enqueue())

    def work(self) -> None:
        """Run a receiver."""
        self.runner.run(run_receiver_task(self.tasks, sync_workers=THREADS, **self.options))


async def noop(sent: float) -> None:
    """Be the job, in the loop itself."""
    job.noop(sent)


class Best(Stream):
    """More taken ahead, arguments not looked at, and no threads."""

    name = "taskiq, stream, coroutine, 1000 ahead"
    job = staticmethod(noop)
    storage = {"xread_count": 1000}
    options = {"max_prefetch": 1000, "validate_params": False}


class List(Stream):
    """The list."""

    name, guarantee = "taskiq, list", "at most once"
    broker = ListQueueBroker


variants = [Stream, Best, List]
