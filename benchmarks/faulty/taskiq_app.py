"""Taskiq on a stream of Redis: `taskiq worker taskiq_app:broker`."""

import asyncio
from typing import Any

from job import BROKER, PATIENCE, job
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker(BROKER, **({"idle_timeout": PATIENCE * 1000} if PATIENCE else {}))  # 600 s
work = broker.task(task_name="work")(job)


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job. Taskiq has a process of its own for those that are due later."""

    async def send() -> None:
        await broker.startup()
        await work.kiq(name, *arguments)
        await broker.shutdown()

    asyncio.run(send())
