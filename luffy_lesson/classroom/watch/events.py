"""What happens to jobs in this process: who wants to know it is told at once."""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from luffy_lesson.classroom.watch.entry import Entry


class Started(NamedTuple):
    """Threads were started that will perform jobs: the processors of a pool, or one for a single job."""

    threads: list[threading.Thread]
    processors: bool


class Queued(NamedTuple):
    """Jobs were put in the queue. Times are those of `time.monotonic()`, in seconds."""

    at: float
    number: int = 1
    jobs: Sequence[str] = ()  # the names of the first of them
    queue: str = ""  # nothing stands for that of who names none


class Scheduled(NamedTuple):
    """A job was put in the scheduled set, due at a time of `time.monotonic()`."""

    at: float
    job: str
    due: float
    queue: str = ""


class Began(NamedTuple):
    """A job was begun."""

    thread: threading.Thread
    job: str
    expected: float | None  # how long the worker says that it takes, in seconds
    queued: float | None  # None when it never waited in a queue, or nobody saw it come
    at: float
    queue: str = ""


class Prefetched(NamedTuple):
    """Jobs were taken from the queue in this thread, which is to begin them one after another."""

    thread: threading.Thread
    payloads: Sequence[bytes]
    at: float
    queue: str = ""


class GivenBack(NamedTuple):
    """Jobs that were taken from the queue in this process went back, to be taken next."""

    payloads: Sequence[bytes]
    at: float
    queue: str = ""
    processor: str = ""  # who had taken them


class Ended(NamedTuple):
    """The job that a thread had in hand is over; `error` is the last line of the exception that it raised."""

    thread: threading.Thread
    error: str | None
    at: float


class SetAside(NamedTuple):
    """A job that has failed in this thread will be tried again; or it is dead, when it is due at no time."""

    thread: threading.Thread
    job: str
    due: float | None
    at: float


class LeftBehind(NamedTuple):
    """A job whose owner is gone was put back in the queue; or it is dead."""

    job: str
    dead: bool
    at: float
    queue: str = ""


class NoLongerDead(NamedTuple):
    """A dead job was sent back to the queue; or it was thrown away."""

    job: str
    thrown_away: bool
    at: float
    queue: str = ""


class Elsewhere(NamedTuple):
    """Another process has told of something; the times are those of `time.monotonic()`, which is the same there."""

    pid: int
    entry: Entry


Event = (
    Started
    | Queued
    | Scheduled
    | Prefetched
    | GivenBack
    | Began
    | Ended
    | SetAside
    | LeftBehind
    | NoLongerDead
    | Elsewhere
)
Listener = Callable[[Event], None]


class Events:
    """Tells of what happens. There is one of it: `events`."""

    def __init__(self) -> None:
        self.begun: dict[threading.Thread, Began] = {}  # each thread writes its own entry
        self.listeners: tuple[Listener, ...] = ()
        self._listening = threading.Lock()

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of everything from now on, in the thread where it happens. It must be quick."""
        with self._listening:
            self.listeners = (*self.listeners, listener)

    def forget(self, listener: Listener) -> None:
        """Tell `listener` no more."""
        with self._listening:
            self.listeners = tuple(known for known in self.listeners if known != listener)

    def tell(self, event: Event) -> None:
        """Tell all listeners."""
        for listener in self.listeners:
            listener(event)


events = Events()
