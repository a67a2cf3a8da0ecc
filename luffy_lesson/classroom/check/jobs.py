"""The jobs of a check: calls of a function."""

from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.sandbox import Planned
from luffy_lesson.step3_memory_queue import Job, Worker


class Call(Worker):
    """A job of the check: it calls a function."""

    def perform(self, function: Callable[[], Any]) -> None:
        """Call it."""
        function()


def job(function: Callable[[], Any]) -> Job:
    """Return a job that calls `function`."""
    return Job(Call, (function,))


def fail() -> None:
    """Be a job that fails."""
    raise Planned
