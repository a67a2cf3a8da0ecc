"""A step of this course: `python3 -m luffy_lesson work luffy_app.py --step N`."""

import os
from typing import Any

from job import BROKER, job

from luffy_lesson.host import steps

system: Any = steps.step(int(os.environ["FAULTS_STEP"]))


class Work(system.Worker):
    """The job."""

    def perform(self, *arguments: Any) -> None:
        """Do it."""
        job(*arguments)


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job, due after a delay in seconds."""
    os.environ["REDIS_URL"] = BROKER
    system.Luffy.backend = system.RedisBackend()
    if delay:
        Work.perform_in(delay, name, *arguments)
    else:
        Work.perform_queue(name, *arguments)
