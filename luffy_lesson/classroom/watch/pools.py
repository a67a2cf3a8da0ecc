"""The pools of this process, and the threads of `perform_async`, as they are started."""

import threading
from typing import Any

from luffy_lesson.step3_memory_queue import Pool
from luffy_lesson.step9_queues import lanes_of

started: list[Pool] = []
"""Those that were started, for `lesson.fresh()` to stop."""

calls: list[threading.Thread] = []
"""Those of `perform_async`."""

_calling = threading.Lock()


def take(pool: Pool) -> None:
    """Take charge of a pool, and forget those that have ended."""
    started[:] = [*filter(at_work, started), pool]


def at_work(pool: Pool) -> bool:
    """Whether a processor of `pool` runs, or is about to."""
    threads = [processor.thread for processor in pool.processors]
    return any(thread.is_alive() or thread.ident is None for thread in threads)


def processor_of(consumer: Any) -> str:
    """Return the name of the processor that takes jobs through `consumer`; nothing when there is none."""
    for pool in started:
        for processor in pool.processors:
            its = getattr(processor, "consumer", None)
            if consumer in (its, *lanes_of(its)):
                return processor.thread.name
    return ""


def quiet(pool: Pool) -> None:
    """Let the processors of `pool` take no more jobs; do not wait for those in hand."""
    for processor in pool.processors:
        processor.stopping.set()


def call(thread: threading.Thread) -> None:
    """Remember the thread of a `perform_async`, and forget those that have ended."""
    with _calling:
        calls[:] = [*(known for known in calls if known.is_alive() and known is not thread), thread]
