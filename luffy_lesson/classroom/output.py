"""Output where it belongs: what a thread prints appears under the cell that gave it the work.

Left alone, Jupyter shows it under whichever cell ran last. The rule here: the lines of a `perform_async` thread belong
to the cell that started the thread; those of a processor to the last cell that added a job or started processors.

It hangs on the methods that every way of performing runs through, wrapped once, from outside: the steps know nothing
of it. Older versions of ipykernel cannot do it, and are left alone.
"""

import functools
import logging
import threading
import traceback
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from luffy_lesson import step1_sync, step2_threaded, step3_memory_queue
from luffy_lesson.step1_sync import say

PACKAGE = str(Path(step1_sync.__file__).parent)


class Owner:
    """Knows to which cell each thread's output belongs. One of it, made when the classroom is imported."""

    def __init__(self) -> None:
        self.cell: Any = None  # the message that ran the last cell which added a job or started processors
        self.thread = threading.local()
        self.pools: list[step3_memory_queue.Pool] = []  # all that were started, for `lesson.fresh()` to stop

    def claim(self) -> None:
        """Let the lines of processors belong to the cell that is running."""
        self.cell = self.running() or self.cell

    def running(self) -> Any:
        """Return the message that ran the cell that calls; None outside a notebook and in an older ipykernel."""
        shell: Any = get_ipython()
        return shell.get_parent() if hasattr(shell, "set_thread_parent") else None

    def pin(self, cell: Any) -> None:
        """Let the lines of this thread belong to `cell`, until another is said."""
        if cell and threading.current_thread() is not threading.main_thread():
            shell: Any = get_ipython()
            shell.set_thread_parent(cell)


owner = Owner()


class JobLog(logging.Handler):
    """Shows what the steps log in the notebook: a line each, with the place in the learner's code."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record under the cell that it belongs to."""
        if not hasattr(owner.thread, "cell"):
            owner.pin(owner.cell)
        line = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            places = [
                frame.lineno
                for frame in traceback.extract_tb(error.__traceback__)
                if frame.name == "perform" and not frame.filename.startswith(PACKAGE)
            ]
            where = f" in line {places[-1]} of its cell" if places else ""
            line = f"✗ {line}{where}: {type(error).__name__}: {error}"
        say(line)


def install() -> None:
    """Wrap the methods. Called by the import of the classroom; a second time does nothing."""
    if hasattr(step1_sync.Worker.perform_now, "__wrapped__"):
        return
    perform_now = step1_sync.Worker.__dict__["perform_now"].__func__
    perform_async = step2_threaded.Worker.__dict__["perform_async"].__func__
    perform_queue = step3_memory_queue.Worker.__dict__["perform_queue"].__func__
    start = step3_memory_queue.Pool.start

    @functools.wraps(perform_now)
    def pinned_now(cls: Any, *args: Any) -> Any:
        owner.pin(getattr(owner.thread, "cell", owner.cell))
        return perform_now(cls, *args)

    @functools.wraps(perform_async)
    def pinned_async(cls: Any, *args: Any) -> threading.Thread:
        cell = owner.running()

        class Pinned:
            @staticmethod
            def perform_now(*args: Any) -> Any:  # gives the thread its name
                owner.thread.cell = cell
                return cls.perform_now(*args)

        return perform_async(Pinned, *args)  # type: ignore[no-any-return]

    @functools.wraps(perform_queue)
    def claiming_queue(cls: Any, *args: Any) -> Any:
        owner.claim()
        return perform_queue(cls, *args)

    @functools.wraps(start)
    def claiming_start(pool: step3_memory_queue.Pool) -> step3_memory_queue.Pool:
        owner.claim()
        owner.pools.append(pool)
        return start(pool)

    step1_sync.Worker.perform_now = classmethod(pinned_now)  # type: ignore[assignment]
    step2_threaded.Worker.perform_async = classmethod(pinned_async)  # type: ignore[assignment]
    step3_memory_queue.Worker.perform_queue = classmethod(claiming_queue)  # type: ignore[assignment]
    step3_memory_queue.Pool.start = claiming_start  # type: ignore[method-assign, assignment]
    if hasattr(get_ipython(), "kernel"):
        steps = logging.getLogger("luffy_lesson")
        steps.addHandler(JobLog())
        steps.propagate = False
