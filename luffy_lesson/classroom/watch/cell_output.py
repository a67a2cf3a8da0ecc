"""Output where it belongs: what a thread prints appears under the cell that gave it the work.

Left alone, Jupyter shows it under whichever cell ran last. The rule here: the lines of a `perform_async` thread belong
to the cell that started the thread; those of a processor to the last cell that added a job, started processors or
opened a board.

Older versions of ipykernel cannot do it, and are left alone.
"""

import logging
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from luffy_lesson import step1_sync
from luffy_lesson.classroom.watch import pools
from luffy_lesson.classroom.watch.labels import last_line
from luffy_lesson.step1_sync import say

FINISH = 5
"""For how many seconds ■ waits for jobs in hand."""

PACKAGE = str(Path(step1_sync.__file__).parent)


class Owner:
    """Knows to which cell each thread's output belongs. There is one of it: `owner`."""

    def __init__(self) -> None:
        self.cell: Any = None  # the message that ran the last cell which added a job, started processors or watched
        self.thread = threading.local()

    def claim(self, cell: Any = None) -> None:
        """Let the lines of processors belong to `cell`, by default the one that is running."""
        self.cell = cell or self.running() or self.cell

    def running(self) -> Any:
        """Return the message that ran the cell that calls; None outside a notebook and in an older ipykernel."""
        shell: Any = get_ipython()
        return shell.get_parent() if hasattr(shell, "set_thread_parent") else None

    def pin(self, cell: Any) -> None:
        """Let the lines of this thread belong to `cell`, until another is said."""
        known = getattr(self.thread, "pinned", None)  # to say it again takes a while
        if cell and cell is not known and threading.current_thread() is not threading.main_thread():
            shell: Any = get_ipython()
            shell.set_thread_parent(cell)
            self.thread.pinned = cell


owner = Owner()


class JobLog(logging.Handler):
    """Shows what the steps log in the notebook: a line each, with the place in the learner's code."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record under the cell that it belongs to."""
        if not hasattr(owner.thread, "cell"):
            owner.pin(owner.cell)
        error = record.exc_info and record.exc_info[1]
        try:
            say(failure(record.getMessage(), error) if error else record.getMessage())
        except Exception:  # a job that cannot be written, for one: it must not end the processor
            self.handleError(record)


def failure(message: str, error: BaseException) -> str:
    """Return the line that tells of a job's failure."""
    places = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name == "perform" and not frame.filename.startswith(PACKAGE)
    ]
    where = f" in line {places[-1]} of its cell" if places else ""
    return f"✗ {message}{where}: {last_line(error)}"


def install() -> None:
    """Show failures in a line each, and let ■ stop the processors too. A second time does nothing.

    It is for a notebook: there they are watched.
    """
    shell: Any = get_ipython()
    steps = logging.getLogger("luffy_lesson")
    if not steps.propagate:
        return
    steps.addHandler(JobLog())
    steps.propagate = False
    usual = threading.excepthook

    def hook(raised: Any) -> None:
        if hasattr(owner.thread, "job") and isinstance(raised.exc_value, Exception):
            say(failure(f"{owner.thread.job} failed", raised.exc_value))
        else:
            usual(raised)

    threading.excepthook = hook
    shell.events.register("post_run_cell", _after)


def _after(cell: Any) -> None:
    """After ■, let the processors take no more, and wait for the jobs in hand: they are not in the next cell's way."""
    if not isinstance(cell.error_in_exec, KeyboardInterrupt):
        return
    if any(map(pools.at_work, pools.started)):
        print("Interrupted: the processors finish the jobs in hand, and take no more.")
    for pool in pools.started:
        pools.quiet(pool)
    threads = pools.calls + [processor.thread for pool in pools.started for processor in pool.processors]
    deadline = time.monotonic() + FINISH
    for thread in filter(threading.Thread.is_alive, threads):
        thread.join(max(0, deadline - time.monotonic()))
