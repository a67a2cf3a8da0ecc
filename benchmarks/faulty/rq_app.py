"""RQ: `rq worker`."""

from datetime import timedelta
from typing import Any

from job import BROKER, PATIENCE, SAFEST, job
from redis import Redis
from rq import Queue, Retry

queue = Queue(connection=Redis.from_url(BROKER))
options: dict[str, Any] = {}
if SAFEST:
    options = {"retry": Retry(3), "job_timeout": -1}  # -1: no limit
elif PATIENCE:
    options = {"job_timeout": PATIENCE}  # 180 s


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job, due after a delay in seconds."""
    if delay:
        queue.enqueue_in(timedelta(seconds=delay), job, name, *arguments, job_id=name, **options)
    else:
        queue.enqueue(job, name, *arguments, job_id=name, **options)
