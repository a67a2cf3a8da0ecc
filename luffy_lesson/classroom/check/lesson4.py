"""The exercises of lesson 4."""

import itertools
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.connection import connect, new_key, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, is_empty, until

TAKERS = 4
"""How many threads take jobs at the same time."""


class Rehashed(str):
    """A text whose `hash` is that which an equal one has in another process."""

    def __hash__(self) -> int:
        return ~super().__hash__()


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
        raise Wrong(f"{jobs} jobs", f"{len(got)}", "where may a job be lost, or a thread give up too soon?")
    return Saw(f"{jobs} jobs, {TAKERS} takers")


@exercise(
    lesson=4,
    answer="MyBackend",
    uses_redis=True,
    hints=[
        "One command adds at the left and answers with the length. Another takes from the right, and waits for a job.",
        "`connection.lpush(key, job)`, and `connection.brpop(key, timeout)`, which answers with a pair, key and job, "
        "or with `None`.",
        "When the answer is `None`: `raise queue.Empty`. Else `return answer[1]`.",
    ],
)
def redis_backend(my_backend: Any) -> Steps:
    """Rebuild the backend of step 4: `put` and `get` on a list in Redis."""
    connection, key = connect(), new_key()
    backend = my_backend(connection, key)

    yield "`put` returns how many wait"
    answers = [backend.put("first"), backend.put("second")]
    if answers != [1, 2]:
        raise Wrong("1, then 2", f"{answers}", "what does Redis answer, and what becomes of it?")

    yield "`put` adds at the left of the list"
    if (there := [text(job) for job in connection.lrange(key, 0, -1)]) != ["second", "first"]:
        raise Wrong(
            f"['second', 'first'] in {key}",
            f"{there}",
            "`LPUSH` and `RPUSH`, and the key; and is the job a text still?",
        )

    yield "`get` takes the job that has waited longest"
    if text(got := backend.get(timeout=1)) != "first":
        raise Wrong("'first'", f"{got!r}", "which end of the list is it, and which part of the answer?")

    yield "`get` takes it out of the list"
    if (left := connection.llen(key)) != 1:
        raise Wrong("1 job left", f"{left}", "does the command read, or does it take?")

    yield "`get` raises `queue.Empty` when nothing comes in time"
    backend.get(timeout=1)
    is_empty(lambda: backend.get(timeout=0.2))

    yield "`get` waits for a job that comes later"
    waits(lambda: backend.get(timeout=3 * SOON), lambda: backend.put("late"), "late")

    yield "gives each job to one taker only"
    yield each_once(lambda: backend.get(timeout=0.2), backend.put, jobs=240)


@exercise(
    lesson=4,
    answer="TwoQueues",
    uses_redis=True,
    hints=[
        "`BRPOP` takes more than one key.",
        "It looks at the keys in the order in which they are given, and waits for all of them at once.",
        "`answer = connection.brpop([self.urgent, self.usual], timeout)`; the rest is as in the first exercise.",
    ],
)
def two_queues(two_queues: Any) -> Steps:
    """Two queues, and one `get` that empties the urgent one before it touches the usual one."""
    connection, urgent, usual = connect(), new_key(), new_key()
    backend = two_queues(connection, urgent, usual)

    yield "gets a usual job"
    connection.lpush(usual, "a letter")
    if text(got := backend.get(timeout=1)) != "a letter":
        raise Wrong("'a letter'", f"{got!r}", "which part of Redis's answer is the job?")

    yield "gets an urgent job before the usual ones"
    connection.lpush(usual, "a letter", "a card")
    connection.lpush(urgent, "a fire", "a flood")
    got = [text(backend.get(timeout=1)) for _ in range(4)]
    if sorted(got[:2]) != ["a fire", "a flood"]:
        raise Wrong("the fire and the flood first", ", ".join(map(str, got)), "the order of the keys")

    yield "gets the oldest of each first"
    if got != ["a fire", "a flood", "a letter", "a card"]:
        raise Wrong("a fire, a flood, a letter, a card", ", ".join(map(str, got)), "which end of the list?")

    yield "raises `queue.Empty` when nothing comes in time"
    is_empty(lambda: backend.get(timeout=0.2))

    yield "waits for an urgent job"
    waits(lambda: backend.get(timeout=SOON), lambda: connection.lpush(urgent, "a fire"), "a fire")

    yield "waits for a usual job at the same time"
    waits(lambda: backend.get(timeout=3 * SOON), lambda: connection.lpush(usual, "a letter"), "a letter")


@exercise(
    lesson=4,
    answer="Once",
    uses_redis=True,
    hints=[
        "A mark in Redis says that an equal job was put in: a key made from `self.key` and the job.",
        "`SET` with `NX` sets a key unless it is there, in one step, and answers whether it did. With `EX` it goes "
        "away by itself.",
        "`if not connection.set(f'{self.key}:{job}', 1, nx=True, ex=60): return False`. Then push, and `return True`.",
    ],
)
def once(once: Any) -> Steps:
    """Unique jobs: an equal job is not put in twice within a minute."""
    connection, key = connect(), new_key()
    backend = once(connection, key)

    def marks() -> list[Any]:
        return [name for name in connection.scan_iter(f"{key}*") if text(name) != key]

    yield "puts a job in the list, and returns True"
    if (answer := backend.put("send the letter")) is not True:
        raise Wrong("True", f"{answer!r}", "what does `put` return?")
    if (there := [text(job) for job in connection.lrange(key, 0, -1)]) != ["send the letter"]:
        raise Wrong(f"the job in {key}", f"{there}", "`lpush`, and the key")

    yield "refuses an equal one, and returns False"
    if (answer := backend.put("send the letter")) is not False or connection.llen(key) != 1:
        raise Wrong(
            "False, and 1 job in the list",
            f"{answer!r}, and {connection.llen(key)}",
            "who knows of the first, and what does `put` return then?",
        )

    yield "lets another job in"
    if backend.put("send the bill") is not True:
        raise Wrong("True for another job", "False", "is the job a part of the mark's key?")

    yield "refuses it in another process, too"
    if once(connection, key).put("send the bill") is not False:
        raise Wrong("False", "True", "where is it remembered?")

    if once(connection, key).put(Rehashed("send the bill")) is not False:
        raise Wrong("False", "True", "`hash` and `id` of an equal job: in each process another number")

    yield "the mark goes away by itself"
    times = [connection.ttl(mark) for mark in marks()]
    if not times:
        look = "where is it remembered when the job has been taken from the list?"
        raise Wrong(f"a key that begins with {key} and goes away by itself", "no such key", look)
    if not all(40 < seconds <= 60 for seconds in times):
        seen = ", ".join(f"{seconds} s" for seconds in times if seconds > 0) or "marks that stay for ever"
        raise Wrong("marks for a minute", seen, "`ex=`")

    before = marks()
    for mark in before:
        connection.expire(mark, 30)
    backend.put("send the letter")
    if any(connection.ttl(mark) > 30 for mark in before):
        raise Wrong(
            "the minute of the first", "one that begins again with each refused one", "who sets the mark's time?"
        )
    backend.put("send the reminder")
    if any(connection.ttl(mark) > 30 for mark in before):
        raise Wrong("each mark to have its own minute", "one that lives on with each job", "the key of the mark")

    yield "lets the job in again after that"
    for mark in marks():
        connection.delete(mark)
    if backend.put("send the letter") is not True:
        raise Wrong("True once the mark is gone", "False", "what else remembers the job?")

    yield "lets one of many in that come at the same moment"
    deadline = time.monotonic() + SOON
    for round_ in range(20):
        if time.monotonic() > deadline:  # a lock in Redis takes its time
            break
        answers: list[Any] = []
        begin = threading.Barrier(TAKERS)

        def put(job: str, begin: threading.Barrier, answers: list[Any]) -> None:
            begin.wait(SOON)
            answers.append(backend.put(job))

        arguments = f"job {round_}", begin, answers
        threads = [threading.Thread(target=put, args=arguments, name="the check's own") for _ in range(TAKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        if sorted(answers) != [False] * (TAKERS - 1) + [True]:
            raise Wrong("one True of four", f"{answers}", "what may happen between asking and setting?")


@exercise(
    lesson=4,
    answer="SqliteBackend",
    hints=[
        "A table `jobs (id INTEGER PRIMARY KEY, payload TEXT)`, made in `__init__`. A connection belongs to the thread "
        "that has opened it: open one in each call, `with contextlib.closing(sqlite3.connect(…)) as connection:`.",
        "To look and to take must be one statement, or two processors get the same job: "
        "`DELETE … WHERE id = (SELECT min(id) FROM jobs) RETURNING payload`.",
        "`sqlite3.connect(path, isolation_level=None)` commits each statement by itself. While nothing comes, `get` "
        "sleeps for 0.02 s and looks again, until the time is over.",
    ],
)
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
