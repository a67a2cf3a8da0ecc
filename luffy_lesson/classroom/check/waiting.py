"""Waiting in a check: always with a bound."""

import contextlib
import datetime
import functools
import gc
import itertools
import queue
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
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
def clock_set(seconds: float = 3600) -> Iterator[None]:
    """Let somebody set the wall clock so many seconds forward each time anybody has looked. `monotonic` goes on.

    For the check's process only, which is thrown away: there, other functions stay in the place of the usual ones.
    """
    looks, is_set = itertools.count(), True
    usual = time.clock_gettime, time.clock_gettime_ns, datetime.datetime  # a tuple, in which nothing is replaced

    def later(clock: int = time.CLOCK_REALTIME) -> float:
        return seconds * next(looks) if is_set and clock == time.CLOCK_REALTIME else 0

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return usual[2].fromtimestamp(usual[0](time.CLOCK_REALTIME) + later(), tz)

        utcnow = today = now

    _replace(time.time, _Function(lambda: usual[0](time.CLOCK_REALTIME) + later()))
    _replace(time.time_ns, _Function(lambda: usual[1](time.CLOCK_REALTIME) + int(later() * 1e9)))
    _replace(usual[0], _Function(lambda clock: usual[0](clock) + later(clock)))
    _replace(usual[1], _Function(lambda clock: usual[1](clock) + int(later(clock) * 1e9)))
    _replace(usual[2], Moved)
    try:
        yield
    finally:
        is_set = False


class _Function:
    """A function that does not become a method where it is the attribute of a class: like those of `time`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


def _replace(old: Any, new: Any) -> None:
    """Put one thing in the place of another: in names, attributes, closures, defaults, whoever has it.

    No function in here closes over `old`: that, too, would be replaced.
    """
    gc.disable()
    gc.unfreeze()  # of what is frozen, nobody could tell who has it
    holders = gc.get_referrers(old)
    owners = gc.get_referrers(*holders)
    gc.freeze()
    gc.enable()
    for owner in owners:
        if isinstance(owner, type):
            for name in _names(vars(owner), old):
                with contextlib.suppress(TypeError):  # a class that is not Python's to change
                    setattr(owner, name, new)
        elif isinstance(owner, types.FunctionType) and owner.__defaults__:
            owner.__defaults__ = tuple(map(functools.partial(_swapped, old, new), owner.__defaults__))
    for holder in holders:
        match holder:
            case dict():
                holder.update(dict.fromkeys(_names(holder, old), new))
            case types.CellType():
                holder.cell_contents = new
            case types.BuiltinMethodType() if holder.__self__ is old and hasattr(new, holder.__name__):
                _replace(holder, getattr(new, holder.__name__))  # `datetime.now`, under a name of its own
            case types.FunctionType() | type() | types.ModuleType():
                pass
            case _ if hasattr(holder, "__dict__"):
                vars(holder).update(dict.fromkeys(_names(vars(holder), old), new))


def _swapped(old: Any, new: Any, thing: Any) -> Any:
    return new if thing is old else thing


def _names(names: Mapping[Any, Any], thing: Any) -> list[Any]:
    return [name for name, value in names.items() if value is thing]
