"""Waiting in a check: always with a bound."""

import contextlib
import datetime
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def joins_run_out(faster: int = 50) -> Iterator[None]:
    """Let the timeout of each `thread.join` run out so many times sooner: nobody has to wait for those of ten seconds.

    For the check's process only, which is thrown away.
    """
    usual = threading.Thread.join

    def join(thread: threading.Thread, timeout: float | None = None) -> None:
        mine = thread.name.startswith("the check's")
        usual(thread, timeout if timeout is None or mine else timeout / faster)

    threading.Thread.join = join  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        threading.Thread.join = usual  # type: ignore[method-assign]


@contextlib.contextmanager
def clock_set(answer: Callable[..., Any], seconds: float = 3600) -> Iterator[None]:
    """Let somebody set the wall clock so many seconds forward each time an answer has looked. `monotonic` goes on.

    For the check's process only, which is thrown away.
    """
    looks, usual, kind = itertools.count(), time.time, datetime.datetime

    def now() -> float:
        return usual() + seconds * next(looks)

    class Moved(kind):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return kind.fromtimestamp(now(), tz)

        utcnow = today = now

    others = {usual: now, time.time_ns: lambda: int(now() * 1e9), kind: Moved}
    places = [vars(time), vars(datetime), getattr(answer, "__globals__", {})]
    found = [
        (place, name, thing)
        for place in places
        for name, thing in place.items()
        if any(thing is each for each in others)
    ]
    for place, name, thing in found:
        place[name] = others[thing]
    try:
        yield
    finally:
        for place, name, thing in found:
            place[name] = thing
