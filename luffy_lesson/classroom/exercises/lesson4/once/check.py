"""The check of exercise 3 of lesson 4."""

import contextlib
import math
import reprlib
import secrets
import time
from typing import Any

import redis

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.connection import Rehashed, connect, new_key, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, Process, held, killed
from luffy_lesson.classroom.check.sandbox import Steps, Wrong

MINUTE = 60
"""How long a job is remembered, in seconds."""


@exercise(number=3, answer="Once", uses_redis=True)
def once(once: Any) -> Steps:
    """Unique jobs: an equal job is not put in twice within a minute."""
    random = draw("once")
    connection, key = connect(), new_key()
    backend = once(connection, key)
    # Not a text that another check has put in: a mark of it may be there still, outside of the key.
    letter, bill = f"send letter {secrets.token_hex(4)}", f"send bill {secrets.token_hex(4)}"

    yield "puts a job in the list, and returns True"
    if (answer := backend.put(letter)) is not True:
        raise Wrong("True", f"{answer!r}", "what does `put` return?")
    if (there := texts(connection.lrange(key, 0, -1))) != [letter]:
        raise Wrong(f"the job in {key}", f"{there}", "`lpush`, and the key")

    yield "refuses an equal one, and returns False"
    if (answer := backend.put(letter)) is not False or connection.llen(key) != 1:
        seen = f"{answer!r}, and {connection.llen(key)}"
        raise Wrong("False, and 1 job in the list", seen, "who knows of the first, and what does `put` return then?")

    yield "lets another job in"
    others = list(dict.fromkeys([*likenesses(letter), *texts_of_jobs(random)]))
    for other in others:
        if (answer := backend.put(other)) is not True:
            look = "is the job a part of the mark's key, all of it?"
            raise Wrong(f"True for {reprlib.repr(other)}, another job", f"{answer!r}", look)
    if sorted(texts(connection.lrange(key, 0, -1))) != sorted([letter, *others]):
        raise Wrong(f"{len(others) + 1} jobs in the list", f"{connection.llen(key)}", "what does `put` add?")

    yield "refuses each of them now"
    for other in others:
        if (answer := backend.put(other)) is not False:
            raise Wrong(f"False for {reprlib.repr(other)} once more", f"{answer!r}", "how many jobs are remembered?")

    yield "refuses it in another process, too"
    if (answer := Process(lambda: once(connection, key).put(bill)).result()) is not True:
        raise Wrong("True for a job that is new", f"{answer!r}", "what does `put` return?")
    if (answer := backend.put(bill)) is not False:
        raise Wrong("False here after True there", f"{answer!r}", "where is it remembered?")
    if once(connection, key).put(Rehashed(bill)) is not False:
        raise Wrong("False", "True", "`hash` and `id` of an equal job: in each process another number")

    yield "refuses it when it has been taken from the list"
    connection.delete(key)
    if (answer := backend.put(bill)) is not False:
        raise Wrong("False", f"{answer!r}", "where is it remembered when the job has left the list?")

    yield "the mark goes away by itself"
    if not (times := [seconds for mark in marks(connection, key) for seconds in lives(connection, mark)]):
        raise Wrong(f"a key that begins with {key} and goes away by itself", "no such key", "the key of the mark")
    if not all(MINUTE - 10 < seconds <= MINUTE + 1 for seconds in times):
        seen = ", ".join({f"{seconds} s" if seconds > 0 else "one that stays for ever" for seconds in times})
        raise Wrong("marks for a minute", seen, "`ex=`")

    yield "each job has a minute of its own"
    for seconds, job, wanted, why in [
        (0, "letter", True, "a new job"),
        (30, "letter", False, "a job of half a minute ago"),
        (0, "bill", True, "another new job"),
        (35, "bill", False, "a job of 35 s ago"),
        (0, "letter", True, "a job of 65 s ago, refused 35 s ago"),
        (30, "bill", True, "a job of 65 s ago, refused 30 s ago"),
        (0, "letter", False, "a job of half a minute ago"),
    ]:
        passes(connection, key, seconds)
        if (answer := backend.put(f"the {job}")) is not wanted:
            raise Wrong(
                f"{wanted} for {why}",
                f"{answer!r}",
                "when does the minute of a job begin, and what remembers the job after it?",
            )
    clock, time.time = time.time, lambda: now
    try:
        now = (clock() // MINUTE + 2) * MINUTE - 5
        backend.put("at five to twelve")
        now += 10
        if (answer := backend.put("at five to twelve")) is not False:
            raise Wrong("False for a job of 10 s ago", f"{answer!r}", "is a minute over when the clock shows another?")
    finally:
        time.time = clock

    with Gate() as gate:
        yield "leaves no mark for ever when its process is killed"
        for _ in killed(gate, lambda connection: once(connection, key).put(secrets.token_hex(4))):
            if not all(seconds > 0 for mark in marks(connection, key) for seconds in lives(connection, mark)):
                look = "what if the process is killed between two commands?"
                raise Wrong("a mark that goes away by itself", "one that stays for ever", look)
            connection.delete(key, *marks(connection, key))

        def put(connection: Any) -> Any:
            return once(connection, key).put("one")

        yield "lets one of two in that come at the same moment"
        for both in held(gate, put, lambda: put(connection), patience=0.4):
            if sorted(both) != [False, True] or connection.llen(key) != 1:
                seen = f"{list(both)}, and {connection.llen(key)}"
                raise Wrong(
                    "one True of two, and 1 job", seen, "what may another process do between asking and setting?"
                )
            connection.delete(key, *marks(connection, key))

        yield "never adds what it refuses"
        backend.put("one")
        connection.delete(key)
        for _, there in held(gate, put, lambda: connection.llen(key), patience=0.4):
            if there:
                look = "who may take the job before it is removed again?"
                raise Wrong("no job in the list while an equal one is refused", f"{there} there", look)


def likenesses(job: str) -> list[str]:
    """Return texts that are nearly, but not quite, that of a job."""
    long = job * 20
    return [job.upper(), f"{job} ", f" {job}", job[:-1], job[::-1], job.replace("e", "é"), f"{long}a", f"{long}b"]


def marks(connection: Any, key: str) -> list[bytes]:
    """Return the keys below a list."""
    return [name for name in connection.scan_iter(f"{key}*") if name != key.encode()]


def lives(connection: Any, mark: bytes) -> list[int]:
    """Return how many seconds a mark lives, or each field of a hash of marks; -1 is for ever."""
    seconds = connection.ttl(mark)
    if seconds == -1 and connection.type(mark) == b"hash":
        fields = connection.hkeys(mark)
        with contextlib.suppress(redis.ResponseError):  # a server that knows no fields that go away
            return list(connection.httl(mark, *fields))
    return [seconds]


def passes(connection: Any, key: str, seconds: int) -> None:
    """Let the marks below a list be as so many seconds later: expiries nearer, and noted times further back."""
    for mark in marks(connection, key):
        match connection.type(mark):
            case b"zset":
                for member, score in connection.zrange(mark, 0, -1, withscores=True):
                    connection.zadd(mark, {member: earlier(score, seconds)})
            case b"hash":
                fields = connection.hgetall(mark)
                for (field, value), left in zip(fields.items(), lives(connection, mark) * len(fields), strict=False):
                    connection.hset(mark, field, earlier(value, seconds))
                    if connection.ttl(mark) == -1 and left > 0:
                        connection.hpexpire(mark, max(0, left - seconds) * 1000, field)
            case b"string":
                connection.set(mark, earlier(connection.get(mark), seconds), keepttl=True)
        if (left := connection.pttl(mark)) > 0:
            connection.pexpire(mark, max(0, left - seconds * 1000))


def earlier(noted: Any, seconds: int) -> Any:
    """Return a time of today so many seconds earlier, whatever its unit; anything else as it is."""
    for unit in (1, 10**3, 10**6, 10**9):
        with contextlib.suppress(TypeError, ValueError):
            if math.isclose(float(noted), time.time() * unit, rel_tol=0.01):
                return float(noted) - seconds * unit
    return noted
