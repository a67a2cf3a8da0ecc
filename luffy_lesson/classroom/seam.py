"""The seam: the few methods that every job passes through, wrapped once, from outside. The steps know nothing of it.

Two things hang on it: the cell that a thread's lines belong to (`output`), and what a board shows (`board`).
"""

import functools
import inspect
import reprlib
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from luffy_lesson import step1_sync, step2_threaded, step3_memory_queue, step6_schedule
from luffy_lesson.classroom.output import last_line, owner, shortened
from luffy_lesson.step5_reliable_queue import fields

REMEMBERED = 100_000
"""Of how many jobs that wait it is remembered since when."""

AT_ONCE = 10_000
"""Of how many jobs that are put in the queue in one go it is remembered: to name each takes longer than to put it."""

BEGUN_WITHIN = 1
"""How many seconds a job that was taken may need until it is begun."""

YEARS = 1e9
"""A worker that says that it takes so many seconds does not say how long it takes."""


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


class Seam:
    """What passes through. There is one of it: `seam`."""

    def __init__(self) -> None:
        self.in_hand: dict[threading.Thread, Began] = {}  # each thread writes its own entry
        self.listeners: tuple[Listener, ...] = ()
        self._listening = threading.Lock()
        self._backend: Any = None  # where the jobs wait of which it is remembered since when
        self._waiting: dict[str, deque[list[float]]] = defaultdict(deque)
        self._remembered = 0
        self._emptied = 0.0  # when it was known that none waits
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

    def put(self, jobs: list[str], backend: Any, put: Callable[[], Any], number: int = 1) -> Any:
        """Call `put`, which puts `number` jobs in a queue, and remember since when `jobs`, the first of them, wait.

        Forget what waits elsewhere.
        """
        since = [time.monotonic()]  # before: a processor may take them at once
        with self._remembering:
            if backend is not self._backend or self._remembered + len(jobs) > REMEMBERED:
                self._forget()
            self._backend = backend
            for job in jobs:
                self._waiting[job].append(since)
            self._remembered += len(jobs)
        try:
            answer = put()
        except BaseException:
            for job in jobs:
                self.taken(job)
            raise
        since[0] = time.monotonic()  # a full queue has made the caller wait, not the job
        if answer == number == 1:
            self.empty(backend, since[0])  # it was before
        self.tell(Queued(since[0], number))
        return answer

    def taken(self, job: str) -> float | None:
        """Return since when the oldest `job` has waited, and forget that; None when nobody saw it come."""
        with self._remembering:
            return self._taken(job)

    def expects(self) -> bool:
        """Whether a job that was put in the queue here was not begun yet, as far as is known here."""
        with self._remembering:
            return self._remembered > 0

    def empty(self, backend: Any, at: float) -> None:
        """Note that the queue `backend` was empty at that moment: what it had before was taken, and is begun soon.

        What is not begun soon is forgotten: another process has taken it.
        """
        with self._remembering:
            if backend is self._backend and at - self._emptied > BEGUN_WITHIN:
                for job, times in list(self._waiting.items()):
                    while times and times[0][0] < self._emptied:
                        self._taken(job)
                self._emptied = at

    def forget_waiting(self) -> None:
        """Forget all that waits: it was thrown away."""
        with self._remembering:
            self._forget()

    def _taken(self, job: str) -> float | None:
        if job not in self._waiting:
            return None
        self._remembered -= 1
        since = self._waiting[job].popleft()
        if not self._waiting[job]:
            del self._waiting[job]
        return since[0]

    def _forget(self) -> None:
        self._waiting.clear()
        self._remembered = 0

    def perform(self, perform_now: Callable[..., Any], worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> Any:
        """Call `perform_now`, and tell when it begins and how it ends. A job within a job is a part of it."""
        __tracebackhide__ = True
        thread = threading.current_thread()
        if thread in self.in_hand:
            return perform_now(worker, *args)
        job, seconds = label(worker, args), expected(worker, args)
        from_queue = thread is not threading.main_thread() and not hasattr(owner.thread, "job")
        error = None
        try:
            with self._remembering:  # what is expected no more is told to be in hand
                since = self._taken(job) if from_queue else None
                self.in_hand[thread] = began = Began(thread, job, seconds, since, time.monotonic())
                self.tell(began)
            return perform_now(worker, *args)
        except BaseException as raised:
            error = last_line(raised)
            raise
        finally:
            self.in_hand.pop(thread, None)
            with self._remembering:  # told in the order of their times
                self.tell(Ended(thread, error, time.monotonic()))


seam = Seam()


def label(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> str:
    """Return a job as it is named everywhere: `VeryHeavyService(3)`."""
    try:
        return shortened(str(step3_memory_queue.Job(worker, args)))  # type: ignore[arg-type]
    except Exception:  # a number of more digits than Python writes, a class of the learner's that is called `list`
        return f"{worker.__name__}(…)"


def name(job: Any) -> str:
    """Return a job that Redis keeps as `label` does, also when its worker is not defined here; else its payload."""
    match fields(job.payload):
        case {"worker": str(worker), "args": list(args)}:
            return shortened(f"{worker}({', '.join(map(reprlib.repr, args))})")
    return shortened(str(job))


def expected(worker: type[step1_sync.Worker], args: tuple[Any, ...]) -> float | None:
    """Return how long a job takes in seconds, where its worker says so; else None.

    It does with a parameter of `perform` that is called `seconds`, or with an attribute of that name.
    """
    position, says = _seconds(worker, worker.perform)  # type: ignore[arg-type]
    if position < len(args):
        says = args[position]
    elif says is None:
        says = getattr(worker, "seconds", None)
    return float(says) if isinstance(says, int | float) and 0 < says < YEARS else None


@functools.lru_cache(maxsize=100)
def _seconds(worker: Any, perform: Callable[..., Any]) -> tuple[int, Any]:
    """Return at which place among its arguments a `perform` takes `seconds`, and what that is by default."""
    try:
        if isinstance(inspect.getattr_static(worker, "perform"), staticmethod) or not hasattr(perform, "__get__"):
            parameters = inspect.signature(perform).parameters
        else:
            parameters = inspect.signature(perform.__get__(worker)).parameters
    except (TypeError, ValueError):  # Python cannot tell
        return sys.maxsize, None
    for position, (name, parameter) in enumerate(parameters.items()):
        if name == "seconds":
            default = None if parameter.default is inspect.Parameter.empty else parameter.default
            return sys.maxsize if parameter.kind is inspect.Parameter.KEYWORD_ONLY else position, default
    return sys.maxsize, None


PLACES: list[tuple[Any, str]] = [
    (step1_sync.Worker, "perform_now"),
    (step2_threaded.Worker, "perform_async"),
    (step3_memory_queue.Worker, "perform_queue"),
    (step3_memory_queue.Pool, "start"),
    (step6_schedule.Worker, "perform_in"),
    (step6_schedule.Worker, "perform_at"),
    (step6_schedule.Worker, "perform_bulk"),
]
"""What is wrapped."""


def uninstall() -> None:
    """Take the wrapping off, for a process in which nobody watches. A second time does nothing."""
    for place, name in PLACES:
        method = vars(place)[name]
        if isinstance(method, classmethod):
            setattr(place, name, classmethod(inspect.unwrap(method.__func__)))
        else:
            setattr(place, name, inspect.unwrap(method))


def install() -> None:
    """Wrap the methods. Called by the import of the classroom; a second time does nothing."""
    if hasattr(step1_sync.Worker.perform_now, "__wrapped__"):
        return
    methods = [vars(place)[name] for place, name in PLACES]
    functions = [getattr(method, "__func__", method) for method in methods]
    perform_now, perform_async, perform_queue, start, perform_in, perform_at, perform_bulk = functions

    @functools.wraps(perform_now)
    def seen_now(cls: Any, *args: Any) -> Any:
        __tracebackhide__ = True  # IPython leaves it out when it shows where an error came from
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
        put = functools.partial(perform_queue, cls, *args)
        return seam.put([label(cls, args)], step3_memory_queue.Luffy.backend, put)

    @functools.wraps(start)
    def seen_start(pool: step3_memory_queue.Pool) -> step3_memory_queue.Pool:
        owner.claim()
        owner.started(pool)
        seam.tell(Started([processor.thread for processor in pool.processors], processors=True))
        return start(pool)  # type: ignore[no-any-return]

    @functools.wraps(perform_in)
    def seen_in(cls: Any, *args: Any) -> Any:
        owner.claim()
        return perform_in(cls, *args)

    @functools.wraps(perform_at)
    def seen_at(cls: Any, *args: Any) -> Any:
        owner.claim()
        return perform_at(cls, *args)

    @functools.wraps(perform_bulk)
    def seen_bulk(cls: Any, list_of_args: Any) -> Any:
        owner.claim()
        lists = list(list_of_args)  # some can be read once only
        put = functools.partial(perform_bulk, cls, lists)
        jobs = [label(cls, args) for args in lists[:AT_ONCE]]
        return seam.put(jobs, step3_memory_queue.Luffy.backend, put, len(lists))

    seen: list[Any] = [
        classmethod(seen_now),
        classmethod(seen_async),
        classmethod(seen_queue),
        seen_start,
        classmethod(seen_in),
        classmethod(seen_at),
        classmethod(seen_bulk),
    ]
    for (place, name), method in zip(PLACES, seen, strict=True):
        setattr(place, name, method)
