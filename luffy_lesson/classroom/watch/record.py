"""What a board knows: the lanes, the jobs that are done, and what waits. Facts only; drawing is elsewhere."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.events import (
    Began,
    Elsewhere,
    Ended,
    Event,
    GivenBack,
    LeftBehind,
    NoLongerDead,
    Prefetched,
    Queued,
    Scheduled,
    SetAside,
)
from luffy_lesson.classroom.watch.labels import name, shortened
from luffy_lesson.step5_reliable_queue import Message, fields
from luffy_lesson.step7_retries import tried

KEPT = 10_000
"""How many finished jobs are kept: the last ones."""

LANES_KEPT = 200
"""How many lanes are kept at most whose threads have ended."""

SAMPLES = 2_000
"""How many lengths of the queue are kept at most; when there are more, every other one is dropped."""


ENTRIES = 10_000
"""How many entries are kept at most for a journey: the first ones."""

NAMED = 100
"""How many jobs of a batch are named at most: the first ones. To read a name takes longer than to fetch a job."""

KEPT_SHOWN = 4
"""How many jobs are named at most that the backend keeps outside its queue."""


class Kept(NamedTuple):
    """A job that the backend keeps outside its queue."""

    state: str  # "scheduled", "retrying" or "dead"
    job: str
    due: float = 0.0  # in how many seconds
    tries: int | None = None  # how many have failed
    error: str = ""  # why the last one did


class States(NamedTuple):
    """Where jobs are beside those that wait, as the backend says: a snapshot. Nothing, when it knows of no such place.

    A state is "in flight", "scheduled", "retrying" or "dead".
    """

    sizes: dict[str, int | str] = {}  # how many jobs are in each state that the backend knows
    kept: tuple[Kept, ...] = ()
    names: bool = False  # whether the backend can say which jobs are there

    @classmethod
    def ask(cls, backend: Any) -> tuple[int, Self]:
        """Return how many jobs wait in `backend`, and where others are. Raise what the backend raises."""
        if not hasattr(backend, "sizes"):
            return int(backend.qsize()), cls()
        sizes = dict(backend.sizes())
        kept: list[Kept] = []
        for state, read in (("scheduled", _later), ("retrying", _later), ("dead", _dead)):
            if sizes.get(state) and hasattr(backend, state):
                kept += [read(state, *found) for found in getattr(backend, state)(KEPT_SHOWN)]
        return int(sizes.pop("waiting")), cls(sizes, tuple(kept), _names(backend))

    def unknown(self, backend: Any) -> Self:
        """Return what there is to say when `backend`, which was like this, does not answer."""
        return (
            type(self)(dict.fromkeys(self.sizes, "?"), (), _names(backend))
            if hasattr(backend, "sizes")
            else type(self)()
        )

    def pending(self) -> bool:
        """Whether jobs are on their way that do not wait in the queue."""
        return any(self.sizes.get(state) for state in ("in flight", "scheduled", "retrying"))


NO_STATES = States()
LATER = ("scheduled", "retrying")
"""The sets from which jobs come to the queue when they are due."""


def _names(backend: Any) -> bool:
    return any(hasattr(backend, state) for state in ("scheduled", "retrying", "dead"))


def _later(state: str, due: float, job: Any) -> Kept:
    match fields(job.payload):
        case {"failure": {"message": str(message)}}:
            return Kept(state, name(job), due, tried(job.payload), _last(message))
    return Kept(state, name(job), due, tried(job.payload))


def _dead(state: str, job: Any, failure: dict[str, Any], _: bytes) -> Kept:
    tries = failure.get("tries")
    return Kept(
        state, name(job), 0.0, tries if isinstance(tries, int) else None, _last(str(failure.get("message", "")))
    )


def _last(message: str) -> str:
    return shortened((message.strip().splitlines() or [""])[-1])


class JobRecord(NamedTuple):
    """A job that was done. Times are in seconds since the board was opened."""

    job: str
    lane: str
    queued: float | None  # when it was put in the queue; None when it was in none, or nobody here saw it come
    taken: float
    finished: float
    error: str | None  # the last line of the exception that it raised

    @property
    def waited(self) -> float:
        """For how many seconds it waited in the queue."""
        return 0.0 if self.queued is None else self.taken - self.queued

    @property
    def took(self) -> float:
        """How many seconds it was in hand."""
        return self.finished - self.taken


@dataclass
class Lane:
    """A thread that performs jobs."""

    name: str  # that of the thread, without the name of the function that Python adds
    thread: threading.Thread
    processor: bool = False
    begun: Began | None = None
    last: JobRecord | None = None
    done: int = 0
    failed: int = 0

    @property
    def over(self) -> bool:
        """Whether its thread has ended, and what it did is noted."""
        return self.begun is None and self.thread.ident is not None and not self.thread.is_alive()


@dataclass
class Record:
    """The facts of one board, which owns it and lets one thread at a time touch it."""

    opened: float = field(default_factory=time.monotonic)
    lanes: dict[threading.Thread, Lane] = field(default_factory=dict)
    jobs: deque[JobRecord] = field(default_factory=lambda: deque(maxlen=KEPT))
    failures: deque[JobRecord] = field(default_factory=lambda: deque(maxlen=3))
    lengths: list[tuple[float, int]] = field(default_factory=list)  # since when the queue is how long
    done: int = 0
    failed: int = 0
    began: float | None = None  # the first job
    ended: float | None = None  # the last one
    states: States = NO_STATES
    retries: bool = False  # whether jobs that fail are tried again: each try is a record
    entries: list[Entry] = field(default_factory=list)  # what a journey tells, in the order in which it was known here
    cut: bool = False  # whether there were more
    follows: bool = False  # whether somebody takes what is entered as news
    _news: list[Entry] = field(default_factory=list)
    _later: dict[str, int] = field(default_factory=dict)  # how many jobs were in these sets when it was asked last
    _processes: dict[int, str] = field(default_factory=dict)  # what to call the others
    _totals: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=30))

    def take(self, event: Event) -> None:
        """Note what has happened."""
        if isinstance(event, Ended):  # there are most of these two
            self._finish(self._lane(event.thread), event)
        elif isinstance(event, Began):
            lane = self._lane(event.thread)
            lane.begun = event
            what = "fetched" if lane.processor else "called"
            self._enter(event.at, what, event.job, processor=lane.name, queue=event.queue)
            self.began = self.began or event.at
            if event.queued is not None:
                self._length(event.at, -1)
        elif isinstance(event, Queued):
            self._length(event.at, event.number)
            for job, alike in itertools.groupby(event.jobs):
                self._enter(event.at, "queued", job, number=sum(1 for _ in alike), queue=event.queue)
        elif isinstance(event, Scheduled):
            self._enter(event.at, "scheduled", event.job, due=event.due, queue=event.queue)
        elif isinstance(event, Prefetched):
            lane = self._lane(event.thread)
            self._batch(event.at, "prefetched", event.payloads, processor=lane.name, queue=event.queue)
        elif isinstance(event, GivenBack):
            self._batch(event.at, "given back", event.payloads, processor=event.processor, queue=event.queue)
        elif isinstance(event, SetAside):
            what, lane = "dead" if event.due is None else "retrying", self._lane(event.thread)
            self._enter(event.at, what, event.job, processor=lane.name, due=event.due)
        elif isinstance(event, LeftBehind):
            what = "left too often" if event.dead else "put back"
            self._enter(event.at, what, event.job, queue=event.queue)
        elif isinstance(event, NoLongerDead):
            what = "thrown away" if event.thrown_away else "requeued"
            self._enter(event.at, what, event.job, queue=event.queue)
        elif isinstance(event, Elsewhere):
            process = self._processes.setdefault(event.pid, f"process {len(self._processes) + 1}")
            told = event.entry._replace(process=process)._asdict()
            self._enter(told.pop("at"), **told)
        else:
            for thread in event.threads:
                self._start(thread) if event.processors else self._lane(thread)

    def sample(self, waiting: int | str, states: States = NO_STATES) -> None:
        """Note how long the queue is now, where other jobs are, and how much is done."""
        self.states, self.retries = states, self.retries or "retrying" in states.sizes
        now = time.monotonic()
        later = {state: size for state, size in states.sizes.items() if state in LATER and isinstance(size, int)}
        if later != self._later:
            self._later = later
            self._enter(now, "counted", sizes=later)
        self._totals.append((now, self.done + self.failed))
        if not isinstance(waiting, str):
            self._length(now, waiting - (self.lengths[-1][1] if self.lengths else 0))

    def at_work(self) -> int:
        """Return how many jobs are in hand."""
        return sum(lane.begun is not None for lane in self.lanes.values())

    def rate(self) -> float:
        """Return how many jobs a second are finished: lately, and when none is in hand over the whole time.

        A time of less than a second counts as one: a job of a millisecond is no thousand jobs a second.
        """
        if self.at_work() and len(self._totals) > 1:
            (start, before), (end, after) = self._totals[0], self._totals[-1]
            return (after - before) / (end - start)
        if self.began is None or self.ended is None:
            return 0.0
        return (self.done + self.failed) / max(self.ended - self.began, 1.0)

    def _enter(self, at: float, *told: Any, **more: Any) -> None:
        room = len(self.entries) < ENTRIES
        if room or self.follows:
            if more.get("due") is not None:
                more["due"] -= self.opened
            entry = Entry(max(at - self.opened, 0.0), *told, **more)
            if room:
                self.entries.append(entry)
            if self.follows:
                self._news.append(entry)
        self.cut = self.cut or not room

    def _batch(self, at: float, what: str, payloads: Sequence[bytes], **told: Any) -> None:
        if len(self.entries) < ENTRIES or self.follows:  # else there is no need to read them
            for job, alike in itertools.groupby(name(Message(payload)) for payload in payloads[:NAMED]):
                self._enter(at, what, job, number=sum(1 for _ in alike), **told)
            if len(payloads) > NAMED:
                self._enter(at, what, number=len(payloads) - NAMED, **told)
        else:
            self.cut = True

    def take_news(self) -> list[Entry]:
        """Return what has been entered since this was asked last, of a record that is followed."""
        news, self._news = self._news, []
        return news

    def _length(self, at: float, change: int) -> None:
        # Counted from job to job; what other processes do shows when the queue is asked.
        before, length = self.lengths[-1] if self.lengths else (0.0, 0)
        if change or not self.lengths:
            self.lengths.append((max(at - self.opened, before), length + change))
        if len(self.lengths) > SAMPLES:
            del self.lengths[1:-1:2]

    def _finish(self, lane: Lane, event: Ended) -> None:
        began, lane.begun = lane.begun, None
        if began is None:
            return
        queued = None if began.queued is None else began.queued - self.opened
        times = queued, began.at - self.opened, event.at - self.opened
        lane.last = JobRecord(began.job, lane.name, *times, event.error)
        self.jobs.append(lane.last)
        what = "done" if event.error is None else "failed"
        self._enter(event.at, what, began.job, processor=lane.name, error=event.error)
        self.ended = event.at
        if event.error is None:
            self.done += 1
            lane.done += 1
        else:
            self.failed += 1
            lane.failed += 1
            self.failures.append(lane.last)

    def _start(self, thread: threading.Thread) -> None:
        """Give a processor its lane: that of an earlier one of the same name, where there was one and it is over."""
        for lane in self.lanes.values():
            if lane.name == thread.name and lane.over:
                lane.thread = thread
                self.lanes = {lane.thread: lane for lane in self.lanes.values()}
                return
        self._lane(thread).processor = True
        self._enter(self.opened + (self.entries[-1].at if self.entries else 0.0), "started", processor=thread.name)

    def _lane(self, thread: threading.Thread) -> Lane:
        if thread not in self.lanes:
            name = "main thread" if thread is threading.main_thread() else thread.name.partition(" (perform_now)")[0]
            self.lanes[thread] = Lane(name, thread)
            over = [other for other, lane in self.lanes.items() if lane.over] if len(self.lanes) > LANES_KEPT else []
            for other in over[: LANES_KEPT // 2]:
                del self.lanes[other]
        return self.lanes[thread]
