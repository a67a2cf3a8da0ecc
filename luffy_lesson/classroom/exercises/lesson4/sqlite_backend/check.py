"""The check of exercise 4 of lesson 4."""

import itertools
import os
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import each_once, waits
from luffy_lesson.classroom.check.waiting import SOON, is_empty


@exercise(number=4, answer="SqliteBackend")
def sqlite_backend(sqlite_backend: Any) -> Steps:
    """A backend on a file: jobs that outlive the process, without a server."""
    path = os.path.abspath("jobs.db")
    backend = sqlite_backend(path)

    yield "hands out what was put in"
    backend.put("first")
    if (got := backend.get(timeout=1)) != "first":
        raise Wrong("'first'", f"{got!r}", "a row that SQLite answers with is a tuple")

    yield "`qsize` tells how many wait"
    for job in ("second", "third", "fourth"):
        backend.put(job)
    if (size := backend.qsize()) != 3:
        raise Wrong("3", f"{size!r}", "`SELECT count(*)`, and does `get` take the job out?")

    yield "the job that has waited longest leaves first"
    if (got := backend.get(timeout=1)) != "second":
        raise Wrong("'second'", f"{got!r}", "which id is the oldest?")

    yield "jobs outlive the backend"
    again = sqlite_backend(path)
    if (size := again.qsize()) != 2:
        raise Wrong("2 jobs found by a new backend on the same file", f"{size!r}", "is it the file, and committed?")
    got = [again.get(timeout=1), again.get(timeout=1)]
    if got != ["third", "fourth"]:
        raise Wrong("['third', 'fourth']", f"{got}", "what does opening it again change?")

    yield "equal jobs are two jobs"
    backend.put("twin")
    backend.put("twin")
    backend.get(timeout=1)
    if (size := backend.qsize()) != 1:
        raise Wrong(
            "1 left of two equal jobs", f"{size!r}", "by what does it know the row to delete: its id, its text?"
        )
    backend.get(timeout=1)

    yield "raises `queue.Empty` when nothing comes in time"
    is_empty(lambda: backend.get(timeout=0.2))

    yield "does not wait with `block=False`"
    is_empty(lambda: backend.get(block=False))

    yield "waits for a job that comes later, in another thread"
    waits(lambda: backend.get(timeout=3 * SOON), lambda: backend.put("late"), "late")

    yield "waits as long as it takes without a `timeout`"
    waits(lambda: backend.get(), lambda: backend.put("later"), "later")

    yield "gives each job to one taker only"
    backends = itertools.cycle([backend, again])
    yield each_once(lambda: next(backends).get(timeout=0.2), backend.put, jobs=80)
