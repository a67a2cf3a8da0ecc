"""The seam: the few methods that every job passes through, wrapped once, from outside. The steps know nothing of it.

Two things hang on it: the cell that a thread's lines belong to (`output`), and what a board shows (`board`).
"""

import functools
import math
import threading
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Callable
from inspect import signature
from typing import Any, NamedTuple

from luffy_lesson import step1_sync, step2_threaded, step3_memory_queue
from luffy_lesson.classroom.output import owner

REMEMBERED = 100_000
"""Of how many jobs that wait it is remembered since when."""


class Started(NamedTuple):
    """Threads were started that will perform jobs: the processors of a pool, or one for a single job."""

    threads: list[threading.Thread]
    processors: bool


class Queued(NamedTuple):
    """A job was put in the queue. Times are those of `time.monotonic()`, in seconds."""

    at: float


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


class Seam:
    """What passes through. There is one of it: `seam`."""

    def __init__(self) -> None:
        self.in_hand: dict[threading.Thread, Began] = {}  # each thread writes its own entry
        self.listeners: tuple[Listener, ...] = ()
        self._listening = threading.Lock()
        self._waiting: dict[str, deque[float]] = defaultdict(deque)
        self._remembered = 0
        self._remembering = threading.Lock()

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

    def queued(self, job: str) -> None:
        """Remember that `job` is put in a queue now."""
        with self._remembering:
            if self._remembered >= REMEMBERED:
                self._clear()
            self._waiting[job].append(time.monotonic())
            self._remembered += 1

    def taken(self, job: str) -> float | None:
        """Return since when the oldest `job` has waited, and forget that; None when nobody saw it come."""
        with self._remembering:
            if not self._waiting.get(job):
                return None
            self._remembered -= 1
            since = self._waiting[job].popleft()
            if not self._waiting[job]:
                del self._waiting[job]
            return since

    def only(self, job: str | None = None) -> None:
        """Forget all that waited but the last `job`: another process has taken it, or it was thrown away."""
        with self._remembering:
            since = self._waiting.get(job or "")
            self._clear()
            if job and since:
                self._waiting[job].append(since[-1])
                self._remembered = 1

    def _clear(self) -> None:
        self._waiting.clear()
        self._remembered = 0

    def perform(self, perform_now: Callable[..., Any], worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> Any:
        """Call `perform_now`, and tell when it begins and how it ends. A job within a job is a part of it."""
        thread = threading.current_thread()
        if thread in self.in_hand:
            return perform_now(worker, *args)
        job = label(worker, args)
        from_queue = thread is not threading.main_thread() and not hasattr(owner.thread, "job")
        began = Began(thread, job, expected(worker, args), self.taken(job) if from_queue else None, time.monotonic())
        error = None
        self.in_hand[thread] = began
        try:
            self.tell(began)
            return perform_now(worker, *args)
        except BaseException as raised:
            error = last_line(raised)
            raise
        finally:
            self.in_hand.pop(thread, None)
            self.tell(Ended(thread, error, time.monotonic()))


seam = Seam()


def label(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> str:
    """Return a job as it is named everywhere: `VeryHeavyService(3)`."""
    try:
        return str(step3_memory_queue.Job(worker, args))  # type: ignore[arg-type]
    except ValueError:  # a number of more digits than Python writes
        return f"{worker.__name__}(…)"


def expected(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> float | None:
    """Return how long a job takes in seconds, where its worker says so; else None.

    It does with a parameter of `perform` that is called `seconds`, or with an attribute of that name.
    """
    position = _position(worker.perform)
    says = args[position] if position is not None and position < len(args) else getattr(worker, "seconds", None)
    return float(says) if isinstance(says, int | float) and 0 < says < math.inf else None


@functools.lru_cache(maxsize=100)
def _position(perform: Callable[..., Any]) -> int | None:
    try:
        names = list(signature(perform).parameters)
    except (TypeError, ValueError):
        return None
    return names.index("seconds") - 1 if "seconds" in names[1:] else None


def last_line(error: BaseException) -> str:
    """Return the last line of what Python prints about an exception: `ValueError: no such file`."""
    return traceback.format_exception_only(error)[-1].strip().splitlines()[-1]


def install() -> None:
    """Wrap the methods. Called by the import of the classroom; a second time does nothing."""
    if hasattr(step1_sync.Worker.perform_now, "__wrapped__"):
        return
    perform_now = step1_sync.Worker.__dict__["perform_now"].__func__
    perform_async = step2_threaded.Worker.__dict__["perform_async"].__func__
    perform_queue = step3_memory_queue.Worker.__dict__["perform_queue"].__func__
    start = step3_memory_queue.Pool.start

    @functools.wraps(perform_now)
    def seen_now(cls: Any, *args: Any) -> Any:
        owner.pin(getattr(owner.thread, "cell", owner.cell))
        return seam.perform(perform_now, cls, args)

    @functools.wraps(perform_async)
    def seen_async(cls: Any, *args: Any) -> threading.Thread:
        cell = owner.running()

        class Pinned:
            @staticmethod
            def perform_now(*args: Any) -> Any:  # gives the thread its name
                owner.thread.cell, owner.thread.job = cell, label(cls, args)
                return cls.perform_now(*args)

        thread = perform_async(Pinned, *args)
        seam.tell(Started([thread], processors=False))
        return thread  # type: ignore[no-any-return]

    @functools.wraps(perform_queue)
    def seen_queue(cls: Any, *args: Any) -> Any:
        owner.claim()
        job = label(cls, args)
        seam.queued(job)  # before: a processor may take it at once
        try:
            answer = perform_queue(cls, *args)
        except BaseException:
            seam.taken(job)
            raise
        if answer == 1:  # the queue was empty before
            seam.only(job)
        seam.tell(Queued(time.monotonic()))
        return answer

    @functools.wraps(start)
    def seen_start(pool: step3_memory_queue.Pool) -> step3_memory_queue.Pool:
        owner.claim()
        owner.started(pool)
        seam.tell(Started([processor.thread for processor in pool.processors], processors=True))
        return start(pool)

    step1_sync.Worker.perform_now = classmethod(seen_now)  # type: ignore[assignment]
    step2_threaded.Worker.perform_async = classmethod(seen_async)  # type: ignore[assignment]
    step3_memory_queue.Worker.perform_queue = classmethod(seen_queue)  # type: ignore[assignment]
    step3_memory_queue.Pool.start = seen_start  # type: ignore[method-assign, assignment]
