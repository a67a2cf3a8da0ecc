"""Step 3: jobs wait in a queue, and a few processors take them from it, one after another.

The queue is the standard library's own, and the loop of a processor is the one in the documentation of `queue`.
"""

import contextlib
import logging
import queue
import reprlib
import threading
import time
from typing import Any, ClassVar, NamedTuple, Protocol

from luffy_lesson import step2_threaded
from luffy_lesson.step2_threaded import say

__all__ = ["Backend", "Job", "Luffy", "Pool", "Processor", "Worker", "say"]

logger = logging.getLogger(__name__)
METHODS = ("put", "get", "task_done", "qsize", "join")  # of a backend


class Backend(Protocol):
    """Where jobs wait: anything with these five methods, which mean what they mean in `queue.Queue`."""

    def put(self, job: Any, /) -> Any:
        """Add a job."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the job that has waited longest. Raise `queue.Empty` when there is none within `timeout` seconds."""

    def task_done(self) -> None:
        """Say that a job that was taken is finished."""

    def qsize(self) -> int:
        """Return how many jobs wait."""

    def join(self) -> None:
        """Wait until every job is finished."""


class Luffy:
    """The one setting of the system: the backend where jobs wait."""

    backend: ClassVar[Backend | None] = None


class Job(NamedTuple):
    """One call to a worker: the worker, and the arguments."""

    worker: type[step2_threaded.Worker]
    args: tuple[Any, ...]

    def perform(self) -> Any:
        """Do the job, here and now; return or raise what the worker does."""
        return self.worker.perform_now(*self.args)

    def __str__(self) -> str:
        # Shortened: a log line must never fail, not even for arguments nested deeper than Python can follow.
        return f"{self.worker.__name__}({', '.join(map(reprlib.repr, self.args))})"


class Worker(step2_threaded.Worker):
    """A worker that can also leave its work in a queue, for a processor to do."""

    @classmethod
    def perform_queue(cls, *args: Any) -> Any:
        """Put the job on `Luffy.backend`, and return what that says: what `put` returns, else the backend itself.

        Raise RuntimeError when no backend is set, TypeError when it is none, and whatever its `put` raises.
        """
        backend = backend_in_use()
        answer = backend.put(Job(cls, args))
        return backend if answer is None else answer


def backend_in_use() -> Backend:
    """Return `Luffy.backend`; raise RuntimeError when none is set, TypeError when it is none."""
    backend = Luffy.backend
    if backend is None:
        raise RuntimeError("Jobs have nowhere to wait yet. Set a backend first: `Luffy.backend = queue.Queue()`.")
    if isinstance(backend, type):
        raise TypeError(f"`Luffy.backend` is a class. Brackets make a backend of it: `{backend.__name__}()`.")
    if missing := [name for name in METHODS if not hasattr(backend, name)]:
        raise TypeError(f"{backend!r} is no backend: it has no {', '.join(missing)}.")
    return backend


class Processor:
    """A thread that takes jobs and performs them.

    It ends when its pool is stopped, when its queue is shut down and empty, or when the main thread has ended.
    """

    pool: "ClassVar[Pool | None]" = None  # the one that `start` started last
    _starting = threading.Lock()

    def __init__(self, number: int, backend: Backend) -> None:
        """Make processor `number` of a pool, on `backend`. Its thread is not started yet."""
        self.backend = backend
        self.consumer: Any = backend  # through what it takes jobs: here, the queue itself
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name=f"Processor {number}")

    @classmethod
    def start(cls, count: int) -> "Pool":
        """Start `count` processors (at least 1) on `Luffy.backend`, and return their pool.

        They replace the pool that an earlier `start` has started: it is stopped first. Raise ValueError for a bad
        `count`, RuntimeError when no backend is set, TypeError when it is none, TimeoutError when the earlier pool is
        still at work after 30 s.
        """
        with Processor._starting:
            backend = backend_in_use()
            pool: Pool = getattr(backend, "Pool", Pool)(cls, count, backend)  # a backend may bring one of its own
            if Processor.pool:
                Processor.pool.stop(timeout=30)
            Processor.pool = pool
            return pool.start()

    def run(self) -> None:
        """Take a job, perform it, say that it is done: the loop of the thread."""
        while not self.leaving():
            try:
                job = self.consumer.get(timeout=0.2)  # seconds: a stop is noticed soon
            except queue.Empty:
                continue
            except getattr(queue, "ShutDown", ()):  # since Python 3.13: somebody has called `shutdown()`
                return
            try:
                job.perform()
            except BaseException as error:  # sys.exit() too must not end a processor
                self.failed(job, error)
            finally:
                self.consumer.task_done()

    def leaving(self) -> bool:
        """Whether to take no more. Without the second half, a forgotten `stop()` would keep a script from ending."""
        return self.stopping.is_set() or not threading.main_thread().is_alive()

    def failed(self, job: Any, error: BaseException) -> None:
        """Note that `job` raised `error`. Here it is logged, and the job is forgotten."""
        logger.error("%s failed", job, exc_info=error)


class Pool:
    """A group of processors on one backend."""

    def __init__(self, processor: type[Processor], count: int, backend: Backend) -> None:
        """Make `count` processors of the class `processor` on `backend`. Raise ValueError when that is less than 1."""
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"A pool needs at least one processor, not {count!r}.")
        self.processors = [processor(number, backend) for number in range(count)]
        self.threads = [processor.thread for processor in self.processors]

    def start(self) -> "Pool":
        """Start the processors, and return this pool.

        Raise RuntimeError when a thread cannot be started; those that could be are stopped.
        """
        try:
            for thread in self.threads:
                thread.start()
        except BaseException:
            with contextlib.suppress(TimeoutError):  # one that has begun a long job ends after it
                self.stop(timeout=5)
            raise
        return self

    def quiet(self) -> None:
        """Take no more jobs, and return at once."""
        for processor in self.processors:
            processor.stopping.set()

    def stop(self, timeout: float | None = None) -> None:
        """Take no more jobs, and return when those in hand are finished; called by one of these, at once.

        A second `stop()` does no harm. Raise TimeoutError, with the names of those still at work, after `timeout`
        seconds. They end after that job.
        """
        self.quiet()
        deadline = None if timeout is None else time.monotonic() + timeout
        if threading.current_thread() in self.threads:
            return
        for thread in filter(threading.Thread.is_alive, self.threads):
            thread.join(None if deadline is None else max(0, deadline - time.monotonic()))
        if late := [thread.name for thread in self.threads if thread.is_alive()]:
            raise TimeoutError(f"Still at work after {timeout} s: {', '.join(late)}")
