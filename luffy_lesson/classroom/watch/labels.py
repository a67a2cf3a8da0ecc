"""How jobs and errors are named in a line, and how long a job says that it takes."""

import functools
import inspect
import reprlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

from luffy_lesson import step1_sync, step3_memory_queue, step9_queues
from luffy_lesson.step5_reliable_queue import fields
from luffy_lesson.step9_queues import DEFAULT

LONGEST = 300
"""How many characters of an error, or of a job's name, are shown and kept at most."""

YEARS = 1e9
"""A worker that says that it takes so many seconds does not say how long it takes."""


def label(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> str:
    """Return a job as it is named everywhere: `VeryHeavyService(3)`."""
    try:
        return shortened(str(step3_memory_queue.Job(worker, args)))  # type: ignore[arg-type]
    except Exception:  # a number of more digits than Python writes, a class of the learner's that is called `list`
        return f"{worker.__name__}(…)"


def name(job: Any) -> str:
    """Return a job that Redis keeps as `label` does, also when its worker is not defined here; else its payload."""
    match fields(job.payload):
        case {"worker": str(worker), "args": list(args)}:
            return shortened(f"{worker}({', '.join(map(reprlib.repr, args))})")
    return shortened(str(job))


def queue_of(worker: type[step1_sync.Worker]) -> str:
    """Return the queue that a worker names; nothing where it names none."""
    queue = getattr(worker, "queue", DEFAULT) if issubclass(worker, step9_queues.Worker) else DEFAULT
    return queue if isinstance(queue, str) and queue != DEFAULT else ""


def queue_in(payload: bytes) -> str:
    """Return the queue that a payload names; nothing where it names none."""
    queue = fields(payload).get("queue") if b'"queue"' in payload else None
    return queue if isinstance(queue, str) and step9_queues.NAME.fullmatch(queue) and queue != DEFAULT else ""


def last_line(error: BaseException) -> str:
    """Return the last line of what Python prints about an exception: `ValueError: no such file`."""
    line = traceback.format_exception_only(error)[-1].strip().splitlines()[-1]
    return shortened(line.removeprefix(f"{type(error).__module__}."))


def shortened(text: str) -> str:
    """Return `text`, cut when it is too long to be looked at and to be kept by the thousand."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def expected(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> float | None:
    """Return how long a job takes in seconds, where its worker says so; else None.

    It does with a parameter of `perform` that is called `seconds`, or with an attribute of that name.
    """
    position, says = _seconds(worker, worker.perform)  # type: ignore[arg-type]
    if position < len(args):
        says = args[position]
    elif says is None:
        says = getattr(worker, "seconds", None)
    return float(says) if isinstance(says, int | float) and 0 < says < YEARS else None


@functools.lru_cache(maxsize=100)
def _seconds(worker: Any, perform: Callable[..., Any]) -> tuple[int, Any]:
    """Return at which place among its arguments a `perform` takes `seconds`, and what that is by default."""
    try:
        if isinstance(inspect.getattr_static(worker, "perform"), staticmethod) or not hasattr(perform, "__get__"):
            parameters = inspect.signature(perform).parameters
        else:
            parameters = inspect.signature(perform.__get__(worker)).parameters
    except (TypeError, ValueError):  # Python cannot tell
        return sys.maxsize, None
    for position, (name, parameter) in enumerate(parameters.items()):
        if name == "seconds":
            default = None if parameter.default is inspect.Parameter.empty else parameter.default
            return sys.maxsize if parameter.kind is inspect.Parameter.KEYWORD_ONLY else position, default
    return sys.maxsize, None
