"""Waiting in a check: always with a bound."""

import queue
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.sandbox import Wrong

SOON = 2
"""How long to wait for what is to happen soon, in seconds. A busy machine gets there, and a step may take longer."""

QUIET = 0.3
"""How long to look whether something happens that must not, in seconds."""

AT_ONCE = 0.06
"""How long what returns at once may take, in seconds: the quickest of several calls, for a machine may be busy."""


def until(condition: Callable[[], object], seconds: float = SOON) -> bool:
    """Wait until a condition holds: for what has no event. Return whether it did.

    Args:
        condition: asked again and again.
        seconds: for how long.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def is_empty(get: Callable[[], Any]) -> None:
    """Raise `Wrong` unless `get` raises `queue.Empty`."""
    try:
        thing = get()
    except queue.Empty:
        return
    returned = thing is queue.Empty or isinstance(thing, queue.Empty)
    seen, look = ("it was returned", "`raise`") if returned else (f"{thing!r}", "what is done when nothing is there?")
    raise Wrong("`queue.Empty` to be raised", seen, look)
