"""Who takes jobs in a check: whether they wait for one as long as they are told, and get each once."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

from luffy_lesson.classroom.check.connection import nth, text, texts
from luffy_lesson.classroom.check.processes import Gate, Task, held, killed, together
from luffy_lesson.classroom.check.sandbox import Saw, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON

TAKERS = 4
"""How many processes take jobs at the same time."""

LATE = 0.35
"""How much later than it was told a `get` may give up, in seconds. A busy machine gets a second chance."""

PROMPT = 0.12
"""How long a job may lie there before one who waits for it has it, in seconds. It gets several chances, too."""


class Nothing:
    """What was taken where there was nothing."""

    def __repr__(self) -> str:
        return "queue.Empty"

    def __reduce__(self) -> str:
        return "NOTHING"  # in another process, too


NOTHING = Nothing()


def taken(get: Callable[[], Any]) -> Any:
    """Return the job that `get` returns, as text; `NOTHING` when it raises `queue.Empty`."""
    try:
        return text(get())
    except queue.Empty:
        return NOTHING


class Waiting:
    """Threads in which a `get` waits where there is nothing, each with a timeout of its own."""

    def __init__(self, get: Callable[[float], Any], *timeouts: float) -> None:
        """Begin to wait for so many seconds each."""
        self._get, self._timeouts = get, timeouts
        self._begin()

    def _begin(self) -> None:
        self._ends: dict[float, tuple[Any, float]] = {}
        self._raised: BaseException | None = None
        self._began = time.monotonic()
        self._threads = {
            timeout: threading.Thread(target=self._wait, args=[timeout, self._ends], name="the check's own")
            for timeout in self._timeouts
        }
        for thread in self._threads.values():
            thread.start()

    def _wait(self, timeout: float, ends: dict[float, tuple[Any, float]]) -> None:
        begin = time.monotonic()
        try:
            got = taken(lambda: self._get(timeout))
        except BaseException as error:
            self._raised = error
        else:
            ends[timeout] = got, time.monotonic() - begin

    def gives_up(self, look: str) -> None:
        """Raise `Wrong`, with what to look at, unless each raised `queue.Empty` when its timeout was over.

        Raise what else one has raised.
        """
        if late := self._late(look):
            self._timeouts = tuple(late)
            self._begin()  # the machine may have been busy
            if late := self._late(look):
                raise next(iter(late.values()))

    def _late(self, look: str) -> dict[float, Wrong]:
        """Return what is wrong with those that were late; raise what no busy machine explains."""
        late = {}
        for timeout in sorted(self._timeouts):
            over = self._began + timeout + 1.5
            self._threads[timeout].join(max(0, over - time.monotonic()))
            if self._raised:
                raise self._raised
            wanted = f"`queue.Empty` after {timeout} s"
            if timeout not in self._ends:
                raise Wrong(wanted, "a wait that does not end", look)
            got, seconds = self._ends[timeout]
            if got is not NOTHING:
                returned = got is queue.Empty or isinstance(got, queue.Empty)
                seen, look = ("that it was returned", "`raise`") if returned else (f"{got!r}", "what is done then?")
                raise Wrong(wanted, seen, look)
            if seconds < timeout - 0.1:
                raise Wrong(wanted, f"it after {seconds:.1f} s", look)
            if seconds > timeout + LATE:
                late[timeout] = Wrong(wanted, f"it after {seconds:.1f} s", look)
        return late


def waits(get: Callable[[], Any], put: Callable[[], Any], wanted: str) -> None:
    """Raise `Wrong` unless `get`, called when there is nothing, returns `wanted` as soon as `put` was called."""
    for quiet in (QUIET, 0.05):  # who looks once in a while would be there at the one moment or at the other
        late = [_late(get, put, wanted, quiet)]
        while min(late) > PROMPT:
            if len(late) == 3 or min(late) > SOON / 2:  # that long, no machine is busy
                look = "does something wake it up, or does it look again after a while?"
                raise Wrong(f"{wanted!r} as soon as it is there", f"it {min(late):.1f} s later", look)
            late.append(_late(get, put, wanted, quiet))


def _late(get: Callable[[], Any], put: Callable[[], Any], wanted: str, quiet: float) -> float:
    """Return how long after `put` it is, in seconds, that `get` has what it had waited for, `quiet` seconds before."""
    got: list[tuple[Any, float]] = []
    waiting = threading.Thread(target=lambda: got.append((taken(get), time.monotonic())), name="the check's own")
    waiting.start()
    waiting.join(quiet)
    if got:
        raise Wrong("`get` to wait for a job", f"{got[0][0]!r} at once", "what does it do when there is nothing yet?")
    put()
    begin = time.monotonic()
    waiting.join(SOON)
    if not got:
        raise Wrong(f"{wanted!r} as soon as it is there", f"nothing for {SOON} s", "what wakes it up?")
    if got[0][0] != wanted:
        raise Wrong(f"{wanted!r} as soon as it is there", f"{got[0][0]!r}", "how long does it wait, and what for?")
    return got[0][1] - begin


def between(gate: Gate, take: Task, connection: Any, jobs: dict[str, list[str]]) -> None:
    """Raise `Wrong` unless two processes get one of two jobs each, also when one comes between two steps of the other.

    Args:
        gate: what holds the one.
        take: takes a job with a connection.
        connection: what puts the jobs there.
        jobs: by their list, which has nothing else in it.
    """

    def taker(connection: Any) -> Any:
        return taken(lambda: take(connection))

    one, two = chain(*jobs.values())
    _put(connection, jobs)
    for both in held(gate, taker, lambda: taker(connection)):
        if set(both) != {one, two}:
            look = "what may another process do between two commands of yours?"
            raise Wrong(f"{one!r} for one of two processes, and {two!r} for the other", f"{list(both)}", look)
        _put(connection, jobs)
    connection.delete(*jobs)


def takes_one(gate: Gate, take: Task, connection: Any, jobs: dict[str, list[str]]) -> None:
    """Raise `Wrong` unless nothing but the first job has left its list, wherever a process that takes is killed.

    The arguments are those of `between`; the jobs are in the order in which they are to be taken.
    """
    every = list(chain(*jobs.values()))
    _put(connection, jobs)
    for came in killed(gate, lambda connection: taken(lambda: take(connection))):
        left = [job for key in jobs for job in texts(connection.lrange(key, 0, -1))[::-1]]
        if left not in (every, every[1:]):
            seen = f"{left} when it was killed before its {nth(came + 1)} command"
            raise Wrong(f"{every[1:]} to stay where they are", seen, "what do others see between two of your commands?")
        _put(connection, jobs)
    connection.delete(*jobs)


def at_once(take: Task, connection: Any, jobs: dict[str, list[str]]) -> None:
    """Raise `Wrong` unless one who waits for nothing takes what is there, in the order in which it is to be taken.

    Args:
        take: takes a job with a connection, and with a timeout of 0.
        connection: what puts the jobs there.
        jobs: by their list.
    """
    _put(connection, jobs)
    for job in chain(*jobs.values()):
        if (got := taken(lambda: take(connection))) != job:
            look = "what does it do when the timeout is 0, and a job is there?"
            raise Wrong(f"{job!r}, which is there", f"{got!r}", look if job else "an empty text is a job, too")


def _put(connection: Any, jobs: dict[str, list[str]]) -> None:
    """Let lists have these jobs, the first of each taken first, and no others."""
    for key, those in jobs.items():
        connection.delete(key)
        connection.lpush(key, *those)


def each_once(take: Callable[[], Any], put: Callable[[str], Any], left: Callable[[], Any], jobs: list[str]) -> Saw:
    """Raise `Wrong` unless processes that put and take jobs at the same time get each of them once.

    Args:
        take: takes jobs until there are none, and returns them; called in several processes.
        put: puts a job there; called in another process.
        left: takes the jobs that are left in the end, and returns them.
        jobs: their texts, all different.
    """
    half = len(jobs) // 2
    for job in jobs[:half]:
        put(job)
    got = together(*[take] * TAKERS, lambda: [put(job) for job in jobs[half:]], seconds=3.4)
    times = Counter(map(text, chain(*got[:TAKERS], left())))
    if often := [job for job in times if times[job] > 1]:
        look = "what may happen between looking and taking?"
        raise Wrong("each job once", f"{len(often)} of them twice or more", look)
    if times.keys() != set(jobs):
        raise Wrong(f"{len(jobs)} jobs", f"{len(times)} of them", "where may a job be lost?")
    return Saw(f"{len(jobs)} jobs, {TAKERS} takers")
