"""Huey: `huey_consumer huey_app.huey`."""

from typing import Any

from huey import RedisHuey, signals
from job import BROKER, SAFEST, job

huey = RedisHuey("faults", url=BROKER)
work = huey.task(name="work", **({"retries": 3} if SAFEST else {}))(job)


def again(_: str, task: Any, *__: Any) -> None:
    """Put a job that was interrupted back, as Huey's documentation says."""
    huey.enqueue(task)


if SAFEST:
    huey.signal(signals.SIGNAL_INTERRUPTED)(again)


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job, due after a delay in seconds."""
    if delay:
        work.schedule((name, *arguments), delay=delay)
    else:
        work(name, *arguments)
