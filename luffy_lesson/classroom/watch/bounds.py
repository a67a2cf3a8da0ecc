"""No cell waits for ever: each wait has a bound, and says at its end what it has waited for."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

LONGEST = 60.0
"""For how many seconds a cell waits while nothing changes."""

AGAIN = "`lesson.fresh()` stops and empties everything; then run the cell again."


def wait_for(condition: Callable[[], object], what: str, seconds: float | None = None) -> None:
    """Wait until `condition()` is true.

    Args:
        condition: is asked fifty times a second.
        what: what is waited for, to be named if it does not come.
        seconds: for how many seconds to wait, by default for a minute.

    Raises:
        TimeoutError: when it has not come by then.
    """
    seconds = LONGEST if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s for {what}, in vain. {AGAIN}")
        time.sleep(0.02)


def join(backend: Any) -> None:
    """Wait until every job of `backend` is finished, as its own `join` does.

    Raise TimeoutError when in a minute no job was finished or added.
    """
    if isinstance(backend, queue.Queue):
        with backend.all_tasks_done:
            while left := backend.unfinished_tasks:
                backend.all_tasks_done.wait(LONGEST)
                if left == backend.unfinished_tasks:
                    raise _stuck(left)
        return
    before, deadline = 0, 0.0
    while left := _left(backend):
        if left != before:
            before, deadline = left, time.monotonic() + LONGEST
        if time.monotonic() > deadline:
            raise _stuck(left)
        time.sleep(0.05)


def join_thread(thread: threading.Thread, join: Callable[[float | None], None], job: str | None) -> None:
    """Wait until `thread` ends, as its own `join` does. Raise TimeoutError after a minute.

    Args:
        thread: what is waited for.
        join: its own `join`.
        job: what it has in hand, to be named.
    """
    join(LONGEST)
    if thread.is_alive():
        doing = f", which is at work on {job}" if job else ""
        raise TimeoutError(f"Waited {LONGEST:g} s for {thread.name} to end{doing}, in vain. {AGAIN}")


def room(backend: Any) -> None:
    """Wait until a queue with a limit takes one job more. Raise TimeoutError after a minute."""
    if isinstance(backend, queue.Queue):
        wait_for(lambda: not backend.full(), "room in the full queue (nobody takes a job)")


def _left(backend: Any) -> int:
    return int(sum(backend.count()) if hasattr(backend, "count") else backend.qsize())


def _stuck(left: int) -> TimeoutError:
    jobs = f"{left} job{'s are' if left > 1 else ' is'} left, and nobody finishes one"
    return TimeoutError(f"Waited {LONGEST:g} s for the queue to be empty, in vain: {jobs}. {AGAIN}")
