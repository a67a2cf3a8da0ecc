"""What a dashboard knows, as plain data that can be shown to a person, and what that person can do.

Anybody may have written what is in the queues. So every text here is short, is on one line, and has no character that
is not seen as itself.
"""

import hashlib
import math
import reprlib
from typing import Any, NamedTuple

from luffy_lesson.step5_reliable_queue import fields
from luffy_lesson.step7_retries import Dead, tried

LONGEST = 120
"""How many characters of a text are shown at most."""

PAGE = 50
"""How many jobs are on a page."""

AGES = 1e11
"""A time of so many seconds is no time."""


class Queue(NamedTuple):
    """A queue."""

    name: str
    length: int
    latency: float  # for how many seconds its next job has waited


class Busy(NamedTuple):
    """A job that a processor performs."""

    job: str
    processor: str
    seconds: float  # for how long


class Process(NamedTuple):
    """A process with processors."""

    key: str  # by which `act` knows it
    name: str
    queues: str  # with their weights
    processors: int
    seconds: float  # for how long it has run
    quiet: bool
    busy: list[Busy]


class Kept(NamedTuple):
    """A job that is scheduled, to be tried again or dead."""

    key: str  # by which `act` knows it
    job: str
    queue: str
    seconds: float  # until it is due; since when it is dead
    tries: int
    error: str


class Snapshot(NamedTuple):
    """Everything at a moment, but which jobs are where."""

    queues: list[Queue]
    processes: list[Process]
    scheduled: int
    retrying: int
    dead: int
    expired: int

    @property
    def processors(self) -> int:
        """How many processors there are."""
        return sum(process.processors for process in self.processes)

    @property
    def busy(self) -> int:
        """How many jobs they have in hand."""
        return sum(len(process.busy) for process in self.processes)


def take(backend: Any) -> Snapshot:
    """Return how it is now. Raise redis.RedisError when the server fails.

    Args:
        backend: a `RedisBackend` of step 10 or later.
    """
    now, lengths, latencies, sizes = backend.now(), backend.lengths(), backend.latencies(), backend.sizes()
    queues = [Queue(plain(name), length, latencies.get(name, 0.0)) for name, length in sorted(lengths.items())]
    processes = [_process(one, now) for one in backend.processes()]
    return Snapshot(queues, processes, sizes["scheduled"], sizes["retrying"], sizes["dead"], backend.expired())


def _process(one: Any, now: float) -> Process:
    weighted = [
        f"{plain(name)} \N{MULTIPLICATION SIGN} {weight:g}" for name, weight in one.queues.items() if weight is not None
    ]
    queues = ", ".join(weighted) or ", then ".join(map(plain, one.queues))
    busy = [Busy(called(each.job.payload), plain(each.processor), now - each.since) for each in one.busy]
    return Process(_key(one), label(one), queues, one.concurrency, now - one.started, one.quiet, busy)


def kept(backend: Any, state: str, first: int = 0, most: int = PAGE) -> list[Kept]:
    """Return a page of jobs, the next ones and the latest dead first. Raise redis.RedisError when the server fails.

    Args:
        backend: where they are.
        state: "scheduled", "retrying" or "dead".
        first: how many come before the page.
        most: how many are on it.
    """
    if state == "dead":
        now = backend.now()
        return [_dead(backend, one, now) for one in backend.dead(most, first)]
    return [_later(backend, seconds, job.payload) for seconds, job in getattr(backend, state)(most, first)]


def _later(backend: Any, seconds: float, payload: bytes) -> Kept:
    queue, failure = _queue_of(backend, payload), fields(payload).get("failure")
    return Kept("", called(payload), queue, seconds, tried(payload), reason(failure))


def _dead(backend: Any, one: Dead, now: float) -> Kept:
    at, tries = one.failure.get("at"), one.failure.get("tries")
    seconds = now - at if isinstance(at, int | float) and abs(at) < AGES else math.nan
    tries = min(max(tries, 0), 10**9) if isinstance(tries, int) else 0
    queue = _queue_of(backend, one.entry)
    return Kept(key(one.entry), called(one.job.payload), queue, seconds, tries, reason(one.failure))


def _queue_of(backend: Any, payload: bytes) -> str:
    """Return the queue to which a job goes."""
    return plain(backend.name_of(backend.goes_to(payload)))


def act(backend: Any, what: str, which: str, first: int = 0) -> str:
    """Do what a person asks for, and return a sentence that says what came of it.

    Args:
        backend: where.
        what: "retry" or "delete" a dead job, or "quiet" a process.
        which: its key.
        first: how many dead jobs came before the page on which it was; it is looked for there first.

    Raises:
        redis.RedisError: when the server fails.
    """
    if what == "quiet":
        return _quiet(backend, which)
    dead = _find(backend, which, first)
    if dead is None or not (backend.requeue(dead) if what == "retry" else backend.discard(dead)):
        return "That job is not among the dead any more: somebody else has retried or deleted it."
    became = f"back in the queue {_queue_of(backend, dead.entry)}" if what == "retry" else "deleted"
    return f"{called(dead.job.payload)} is {became}."


def _quiet(backend: Any, which: str) -> str:
    one = next((one for one in backend.processes() if _key(one) == which), None)
    if one is None or not backend.tell(one.id, "quiet"):
        return "That process is not there any more."
    return f"{label(one)} was asked to take no more jobs. It will have noticed in a few seconds."


def _find(backend: Any, which: str, first: int) -> Dead | None:
    """Return the dead job with the key `which`: most likely it is where it was seen, or a little behind."""
    for at in (first, *range(0, backend.sizes()["dead"], PAGE)):
        for one in backend.dead(PAGE, at):
            if key(one.entry) == which:
                return one  # type: ignore[no-any-return]
    return None


def label(process: Any) -> str:
    """Return what to call a process."""
    return plain(f"{process.host}:{process.pid}")


def _key(process: Any) -> str:
    return key(process.id.encode())


def key(data: bytes) -> str:
    """Return what stands for something that may be long, and may be anything."""
    return hashlib.sha256(data).hexdigest()[:32]


def called(payload: bytes) -> str:
    """Return what to call a job, also when nobody here knows its worker: `VeryHeavyService(3)`; else its payload."""
    match fields(payload):
        case {"worker": str(worker), "args": list(args)}:
            return plain(f"{worker[:LONGEST]}({', '.join(map(reprlib.repr, args[:LONGEST]))})")
    return plain(payload[: 4 * LONGEST].decode(errors="replace"))


def reason(failure: Any) -> str:
    """Return why a job has failed; nothing where that is not known."""
    message = failure.get("message") if isinstance(failure, dict) else None
    return plain((str(message).strip().splitlines() or [""])[-1]) if message else ""


def plain(text: str) -> str:
    """Return text that is short, and in which every character can be seen: others are written as in a Python string."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def duration(seconds: float) -> str:
    """Return a time for people: two units at most."""
    if not abs(seconds) < AGES:
        return "?"
    whole = max(0, int(seconds))
    if whole < 10:
        return f"{max(0.0, seconds):.1f} s"
    for size, unit, part, parts in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size:,} {unit}" + (f" {rest} {parts}" if rest and whole < 100 * size else "")
    return f"{whole} s"
