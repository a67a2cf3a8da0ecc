"""Who takes jobs in a check: whether they wait for one, and get each once."""

import queue
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.connection import text
from luffy_lesson.classroom.check.sandbox import Saw, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until

TAKERS = 4
"""How many threads take jobs at the same time."""


def waits(get: Callable[[], Any], put: Callable[[], Any], wanted: str) -> None:
    """Raise `Wrong` unless `get`, called when there is nothing, returns `wanted` as soon as `put` was called."""
    got: list[Any] = []

    def wait() -> None:
        try:
            got.append(get())
        except queue.Empty:
            got.append("queue.Empty")

    waiting = threading.Thread(target=wait, name="the check's own")
    waiting.start()
    if until(lambda: got, QUIET):
        raise Wrong("`get` to wait for a job", f"{got[0]!r} at once", "what does it do when there is nothing yet?")
    put()
    if not until(lambda: got) or text(got[0]) != wanted:
        raise Wrong(f"{wanted!r} as soon as it is there", f"{got}", "what wakes it up?")


def each_once(get: Callable[[], Any], put: Callable[[str], Any], jobs: int) -> Saw:
    """Raise `Wrong` unless threads that take jobs at the same time get each job once."""
    for number in range(jobs):
        put(str(number))
    got: list[Any] = []
    begin = threading.Barrier(TAKERS)

    def take() -> None:
        begin.wait(SOON)
        try:
            while True:
                got.append(text(get()))
        except queue.Empty:
            pass

    threads = [threading.Thread(target=take, name="the check's own") for _ in range(TAKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SOON)
    often = [job for job, times in Counter(got).items() if times > 1]
    if often:
        raise Wrong(
            "each job once", f"{len(often)} of them twice or more", "what may happen between looking and taking?"
        )
    if len(got) != jobs:
        raise Wrong(f"{jobs} jobs", f"{len(got)} of them", "where may a job be lost, or a thread give up too soon?")
    return Saw(f"{jobs} jobs, {TAKERS} takers")
