"""Celery: `celery -A celery_app worker`."""

from typing import Any

from celery import Celery
from job import BROKER, PATIENCE, SAFEST, job

app = Celery("celery_app", broker=BROKER)
options: dict[str, Any] = {}
if SAFEST:
    app.conf.task_acks_late = True  # a job is acknowledged when it is done, and not when it begins
    app.conf.task_reject_on_worker_lost = True  # also when its process dies
    app.conf.worker_prefetch_multiplier = 1  # what waits, waits where other workers can take it
    options["unacked_restore_throttle"] = 1  # Redis: looks each 10 s, not each 100 s
if PATIENCE:
    options["visibility_timeout"] = PATIENCE  # 3,600 s
if BROKER.startswith("redis"):
    app.conf.broker_transport_options = options

work = app.task(name="work")(job)


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job, due after a delay in seconds."""
    work.apply_async((name, *arguments), task_id=name, countdown=delay or None)
