"""What happens to jobs in this process: who wants to know it is told at once."""

import threading
from collections.abc import Callable
from typing import NamedTuple


class Started(NamedTuple):
    """Threads were started that will perform jobs: the processors of a pool, or one for a single job."""

    threads: list[threading.Thread]
    processors: bool


class Queued(NamedTuple):
    """Jobs were put in the queue. Times are those of `time.monotonic()`, in seconds."""

    at: float
    number: int = 1


class Began(NamedTuple):
    """A job was begun."""

    thread: threading.Thread
    job: str
    expected: float | None  # how long the worker says that it takes, in seconds
    queued: float | None  # None when it never waited in a queue, or nobody saw it come
    at: float


class Ended(NamedTuple):
    """The job that a thread had in hand is over; `error` is the last line of the exception that it raised."""

    thread: threading.Thread
    error: str | None
    at: float


Event = Started | Queued | Began | Ended
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
