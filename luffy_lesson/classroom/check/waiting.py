"""Waiting in a check: always with a bound."""

import contextlib
import datetime
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
        time.sleep(0.01)
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
def clock_set(seconds: float = 3600, again: bool = True) -> Iterator[None]:
    """Let somebody set the wall clock so many seconds forward each time anybody has looked. `monotonic` goes on.

    Unless `again`, it is set once, before anybody looks.

    For the check's process only, which is thrown away: there, other functions stay in the place of the usual ones.
    """
    looks, is_set = itertools.count(), True
    usual = time.clock_gettime, time.clock_gettime_ns, datetime.datetime  # a tuple: `replace` looks into none

    def later(clock: int = time.CLOCK_REALTIME) -> float:
        if not is_set or clock != time.CLOCK_REALTIME:
            return 0
        return seconds * next(looks) if again else seconds

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return usual[2].fromtimestamp(usual[0](time.CLOCK_REALTIME) + later(), tz)

        utcnow = today = now

    replace(
        (time.time, Function(lambda: usual[0](time.CLOCK_REALTIME) + later())),
        (time.time_ns, Function(lambda: usual[1](time.CLOCK_REALTIME) + int(later() * 1e9))),
        (time.clock_gettime, Function(lambda clock: usual[0](clock) + later(clock))),
        (time.clock_gettime_ns, Function(lambda clock: usual[1](clock) + int(later(clock) * 1e9))),
        (datetime.datetime, Moved),
    )
    try:
        yield
    finally:
        is_set = False


class Function:
    """A function that does not become a method where it is the attribute of a class: like those of Python's own."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call it."""
        return self._function(*args, **options)


def replace(*pairs: tuple[Any, Any]) -> None:
    """Put the second of each pair in the place of the first: in names, attributes, closures, defaults, whosever.

    For the check's process only, which is thrown away.
    """
    new = {id(old): thing for old, thing in pairs}
    gc.disable()
    gc.unfreeze()  # of what is frozen, nobody could tell who has it
    holders = gc.get_referrers(*[old for old, _ in pairs])
    owners = gc.get_referrers(*[holder for holder in holders if isinstance(holder, dict | tuple)])
    gc.freeze()
    gc.enable()
    for other in owners:
        if isinstance(other, type):
            for name, thing in _found(vars(other), new):
                with contextlib.suppress(TypeError):  # a class that is not Python's to change
                    setattr(other, name, thing)
        elif isinstance(other, types.FunctionType) and any(id(thing) in new for thing in other.__defaults__ or ()):
            other.__defaults__ = tuple(new.get(id(thing), thing) for thing in other.__defaults__ or ())
    for holder in holders:
        match holder:
            case dict():
                holder.update(_found(holder, new))
            case types.CellType():
                holder.cell_contents = new[id(holder.cell_contents)]
            case types.BuiltinMethodType() if isinstance(holder.__self__, type):
                if there := getattr(new.get(id(holder.__self__)), holder.__name__, None):
                    replace((holder, there))  # `datetime.now`, under a name of its own
            case types.FunctionType() | type() | types.ModuleType():
                pass
            case _ if hasattr(holder, "__dict__"):
                vars(holder).update(_found(vars(holder), new))


def _found(names: Mapping[Any, Any], new: dict[int, Any]) -> list[tuple[Any, Any]]:
    """Return which names stand for what is to be replaced, and what by."""
    return [(name, new[id(thing)]) for name, thing in names.items() if id(thing) in new]
