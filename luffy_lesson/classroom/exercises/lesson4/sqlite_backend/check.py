"""The check of exercise 4 of lesson 4."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from itertools import chain, count, takewhile
from typing import Any

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Process
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import Waiting, each_once, taken, waits
from luffy_lesson.classroom.check.waiting import QUIET, SOON

SQLITES_CLOCKS = (
    *("current_timestamp", "current_date", "current_time"),
    *("datetime", "date", "time", "julianday", "unixepoch", "strftime"),
)
"""Functions of SQLite that tell the time."""

PLAIN = sqlite3.connect


@exercise(number=4, answer="SqliteBackend")
def sqlite_backend(sqlite_backend: Any) -> Steps:
    """A backend on a file: jobs that outlive the process, without a server."""
    random = draw("sqlite_backend")
    path = os.path.abspath("jobs.db")
    prepare(pause=0)
    backend = sqlite_backend(path)

    yield "hands out what was put in"
    backend.put("first")
    if (got := backend.get(timeout=1)) != "first":
        raise Wrong("'first'", f"{got!r}", "a row that SQLite answers with is a tuple")

    yield "`qsize` tells how many wait"
    for job in ("second", "third", "fourth"):
        backend.put(job)
    if (size := backend.qsize()) != 3:
        raise Wrong("a `qsize()` of 3", f"one of {size!r}", "`SELECT count(*)`, and does `get` take the job out?")

    yield "the job that has waited longest leaves first"
    if (got := backend.get(timeout=1)) != "second":
        raise Wrong("'second'", f"{got!r}", "which id is the oldest?")

    yield "jobs outlive the backend"
    again = sqlite_backend(path)
    if (size := again.qsize()) != 2:
        seen = f"a `qsize()` of {size!r}"
        raise Wrong("2 jobs found by a new backend on the same file", seen, "is it the file, and committed?")
    got = [again.get(timeout=1), again.get(timeout=1)]
    if got != ["third", "fourth"]:
        raise Wrong("['third', 'fourth']", f"{got}", "what does opening it again change?")

    yield "what one process puts in, another gets"
    Process(lambda: sqlite_backend(path).put("fifth")).result()
    if (got := taken(lambda: backend.get(timeout=0.5))) != "fifth":
        raise Wrong("'fifth', which another process has put in", f"{got!r}", "is it the file, and committed?")

    def wait_for_nothing(timeout: float) -> Any:
        return sqlite_backend(os.path.abspath(f"{timeout}.db")).get(timeout=timeout)

    def wait_in_place(timeout: float) -> Any:
        return sqlite_backend(os.path.abspath("place.db")).get(True, timeout)

    ever, clock = os.path.abspath("ever.db"), "what becomes of `timeout`, and which clock is never set back?"
    for_ever = Process(lambda: quickly(sqlite_backend(ever).get))
    waiting = Process(lambda: gives_up(wait_for_nothing, [0, 0.45, 1.2], clock))
    in_place = Process(lambda: gives_up(wait_in_place, [0.45], "in which order does `get` have its arguments?"))

    yield "equal jobs are two jobs"
    backend.put("twin")
    backend.put("twin")
    backend.get(timeout=1)
    if (size := backend.qsize()) != 1:
        look = "by what does it know the row to delete: its id, its text?"
        raise Wrong("1 left of two equal jobs", f"{size!r} left", look)
    backend.get(timeout=1)

    yield "hands out one job after another, whatever their texts are"
    jobs = texts_of_jobs(random)
    for job in jobs:
        backend.put(job)
    for number, job in enumerate(jobs, 1):
        if (got := taken(lambda: backend.get(timeout=1))) != job:
            raise Wrong(repr(job), f"{got!r}", "what does SQLite make of it: its type, its quotes, its place in a row?")
        if (size := backend.qsize()) != len(jobs) - number:
            raise Wrong(f"{len(jobs) - number} left", f"a `qsize()` of {size!r}", "which row is deleted?")

    yield "keeps the order when somebody sets the clock back"
    for job in ("before", "after"):
        backend.put(job)
        set_back()
    if (got := [backend.get(timeout=1), backend.get(timeout=1)]) != ["before", "after"]:
        raise Wrong("['before', 'after']", f"{got}", "what are the jobs ordered by?")

    yield "puts a job in when another process has finished writing"
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as thread:
        other.execute("BEGIN IMMEDIATE")
        patient = thread.submit(lambda: sqlite_backend(path).put("patient"))
        wait([patient], QUIET / 2)
        other.execute("COMMIT")
        patient.result(SOON)
    if (got := taken(lambda: backend.get(timeout=1))) != "patient":
        raise Wrong("'patient'", f"{got!r}", "what becomes of a job when the file is locked?")

    reader, writer = os.pipe()

    def put_when_told() -> None:
        while os.read(reader, 1) == b"!":
            sqlite_backend(path).put("late")

    # It comes before the thread: what that held of SQLite, a process forked then would wait for.
    putting = Process(put_when_told)

    yield "waits for a job that comes later, in another thread"
    waits(lambda: backend.get(timeout=3), lambda: os.write(writer, b"!"), "late")
    os.write(writer, b".")
    putting.result()

    def take() -> list[Any]:
        prepare(pause=0.002)  # so that others come between two of them
        mine = sqlite_backend(path)

        def some(_: int) -> list[Any]:
            got = (taken(lambda: mine.get(timeout=0.3)) for _ in count())
            return list(takewhile(lambda job: isinstance(job, str), got))

        with ThreadPoolExecutor(2) as threads:
            return list(chain(*threads.map(some, range(2))))

    def put(job: str) -> None:
        sqlite_backend(path).put(job)

    takers = Process(lambda: each_once(take, put, take, [str(number) for number in range(24)]))

    yield "raises `queue.Empty` when nothing comes in time"
    waiting.result(2 * SOON)

    yield "has `block` and `timeout` in this order"
    in_place.result(2 * SOON)

    yield "waits as long as it takes without a `timeout`"
    if for_ever.ends(0):
        look = "what is the deadline when there is no `timeout`?"
        raise Wrong("`get` to wait for a job", f"{for_ever.result()!r} after some time", look)
    sqlite_backend(ever).put("later")
    if (got := for_ever.result()) != "later":
        raise Wrong("'later' as soon as it is there", f"{got!r}", "how long does it wait?")

    yield "does not wait with `block=False`"
    backend = sqlite_backend(os.path.abspath("there.db"))
    backend.put("there")
    if (got := taken(lambda: backend.get(block=False))) != "there":
        raise Wrong("'there', the job that waits", f"{got!r}", "does it look at all?")
    Waiting(lambda _: backend.get(block=False), 0).gives_up("what becomes of `block`?")
    Waiting(lambda _: backend.get(False, 5), 0).gives_up("what becomes of `block` when there is a `timeout` as well?")

    yield "gives each job to one taker only"
    yield takers.result(2 * SOON)


def gives_up(get: Callable[[float], Any], timeouts: list[float], look: str) -> None:
    """Raise `Wrong` unless `get` gives up in time, although somebody sets the clock on the wall back meanwhile."""
    waiting = Waiting(get, *timeouts)
    time.sleep(QUIET / 2)  # until it has looked at the clock
    set_back()
    waiting.gives_up(look)


def set_back() -> None:
    """Set the clock on the wall an hour back."""
    clock, clock_ns = time.time, time.time_ns
    time.time = lambda: clock() - 3600
    time.time_ns = lambda: clock_ns() - 3600 * 10**9


def quickly(get: Callable[[], Any]) -> Any:
    """Return what `get` takes in a process whose clocks run ten thousand times faster."""
    for name in ("monotonic", "time", "perf_counter"):
        setattr(time, name, partial(quick, getattr(time, name), getattr(time, name)()))
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(float(seconds), 0.01))
    return taken(get)


def quick(clock: Callable[[], float], begin: float) -> float:
    """Return what a clock shows that runs ten thousand times faster since it showed `begin`."""
    return begin + (clock() - begin) * 10_000


def by_the_wall(name: str, *arguments: Any) -> Any:
    """Return what a function of SQLite tells when it goes by the clock on the wall of this process."""
    now = f"{time.time() / 86_400 + 2_440_587.5:.8f}"  # as a Julian day
    if not arguments and name != "strftime":
        arguments = ("now",)
    if name == "strftime" and len(arguments) == 1:
        arguments = (*arguments, "now")
    name = {"current_timestamp": "datetime", "current_date": "date", "current_time": "time"}.get(name, name)
    with closing(PLAIN(":memory:")) as connection:
        call = f"SELECT {name}({', '.join('?' * len(arguments))})"
        given = [now if str(argument).lower() == "now" else argument for argument in arguments]
        return connection.execute(call, given).fetchone()[0]


def prepare(pause: float) -> None:
    """Let SQLite not wait for the disk in this process, but for so many seconds before each statement.

    The times that it tells are those of the clock on the wall of this process.
    """
    connect: Any = sqlite3.connect

    def prepared(*args: Any, **options: Any) -> Any:
        connection = connect(*args, **options)
        with contextlib.suppress(sqlite3.Error):  # not in a transaction
            connection.execute("PRAGMA synchronous = OFF")
        for name in SQLITES_CLOCKS:
            connection.create_function(name, -1, partial(by_the_wall, name))
        if pause:
            connection.set_trace_callback(lambda statement: time.sleep(pause))
        return connection

    vars(sqlite3)["connect"] = prepared
