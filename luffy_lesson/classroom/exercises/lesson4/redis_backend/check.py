"""The check of exercise 1 of lesson 4."""

from typing import Any

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.connection import connect, keys, new_key, text, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, Process, held
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import Waiting, at_once, between, taken, takes_one, waits
from luffy_lesson.classroom.check.waiting import QUIET, until


@exercise(number=1, answer="MyBackend", uses_redis=True)
def redis_backend(my_backend: Any) -> Steps:
    """Rebuild the backend of step 4: `put` and `get` on a list in Redis."""
    random = draw("redis_backend")
    connection, key = connect(), new_key()
    backend = my_backend(connection, key)

    yield "`put` returns how many wait"
    answers = [backend.put("first"), backend.put("second")]
    if answers != [1, 2]:
        raise Wrong("1, then 2", f"{answers}", "what does Redis answer, and what becomes of it?")

    yield "`put` adds at the left of the list"
    if (there := texts(connection.lrange(key, 0, -1))) != ["second", "first"]:
        look = "`LPUSH` and `RPUSH`, and the key; and is the job a text still?"
        raise Wrong(f"['second', 'first'] in {key}", f"{there}", look)

    yield "`put` counts the jobs of other processes, too"
    others = [f"another's {number}" for number in range(random.randrange(20, 200))]
    connection.lpush(key, *others)
    expected, seen = len(others) + 3, backend.put("third")
    if seen != expected:
        raise Wrong(f"`put` to return {expected} after {len(others)} jobs of others", f"{seen}", "who counts?")
    connection.ltrim(key, 0, 4)
    if (seen := Process(lambda: my_backend(connection, key).put("fourth")).result()) != 6:
        raise Wrong("`put` to return 6 when others have taken the rest", f"{seen}", "who counts?")
    if (there := texts(connection.lrange(key, 0, 1))) != ["fourth", "third"]:
        raise Wrong(f"the list {key} to begin with ['fourth', 'third']", f"{there}", "what does `put` add?")

    yield "`put` adds each job, whatever its text is"
    connection.delete(key)
    queued = texts_of_jobs(random)
    for job in queued:
        backend.put(job)
    if (there := texts(connection.lrange(key, 0, -1))) != queued[::-1]:
        seen = f"{len(there)} others" if len(there) == len(queued) else f"{len(there)} of them"
        raise Wrong(f"{len(queued)} jobs in the list, some of them equal", seen, "which jobs does `put` leave out?")

    yield "`get` takes the job that has waited longest"
    if (got := taken(lambda: backend.get(timeout=1))) != "first":
        raise Wrong("'first'", f"{got!r}", "which end of the list is it, and which part of the answer?")

    yield "`get` takes it out of the list"
    if (left := connection.llen(key)) != len(queued) - 1:
        look = "does the command read, or does it take?"
        raise Wrong(f"{len(queued) - 1} of {len(queued)} jobs left", f"{left} left", look)

    yield "a job that was taken is nowhere any more"
    for other in keys(connection, key):
        if text(other) != key and connection.type(other) != b"string":
            seen = f"{text(other)}, which grows" if connection.type(other) == b"list" else text(other)
            raise Wrong(f"no list but {key}", seen, "who ever empties it?")

    yield "`get` takes one job after another, whatever their texts are"
    for number, job in enumerate(queued[1:], 2):
        if (got := taken(lambda: backend.get(timeout=1))) != job:
            look = "and which job is the oldest of equal ones?" if job else "an empty text is a job, too"
            raise Wrong(repr(job), f"{got!r}", look)
        if texts(connection.lrange(key, 0, -1)) != queued[number:][::-1]:
            raise Wrong(
                "the oldest job to leave the list, and no other", "another", "which of two equal jobs does it take?"
            )

    empty = new_key()
    waiting = Waiting(my_backend(connection, empty).get, 0, 0.45, 1.2)

    yield "`get` waits for a job that comes later"
    waits(lambda: backend.get(timeout=3), lambda: connection.lpush(key, "late"), "late")

    def take(connection: Any) -> Any:
        return my_backend(connection, key).get(timeout=0.5)

    def take_at_once(connection: Any) -> Any:
        return my_backend(connection, key).get(timeout=0)

    with Gate() as gate:
        yield "`get` gives each job to one of two processes"
        between(gate, take, connection, {key: ["one", "two"]})

        yield "`get` takes no job but the one that it returns"
        takes_one(gate, take, connection, {key: ["one", "two", "three"]})

        def push() -> int:
            return int(connection.lpush(key, "two"))

        yield "`put` counts a job that comes at the same moment"
        for answer, other in held(gate, lambda connection: my_backend(connection, key).put("one"), push):
            if answer not in range(3 - other, 3):
                look = "what may another process do between two commands of yours?"
                raise Wrong("2 after another process has put one in", f"{answer!r}", look)
            connection.delete(key)

        yield "`get` raises `queue.Empty` when nothing comes in time"
        waiting.gives_up("what becomes of `timeout`, and what does 0 mean to `BRPOP`?")

        yield "`get` takes no job after it has ended"
        connection.lpush(empty, "first", "second")
        if until(lambda: connection.llen(empty) < 2, QUIET / 2):
            raise Wrong("2 jobs to stay in the list", f"{connection.llen(empty)} of them", "who waits for a job still?")

        yield "`get` takes at once what is there with a timeout of 0"
        at_once(take_at_once, connection, {key: queued})
        between(gate, take_at_once, connection, {key: ["one", "two"]})

    yield "an error of the server is no empty queue"
    connection.set(no_list := new_key(), "not a list")
    try:
        got = taken(lambda: my_backend(connection, no_list).get(timeout=1))
    except Exception:  # the server's, or one that tells of it
        return
    raise Wrong("the server's error, for a key that is no list", f"{got!r}", "what does the `except` catch?")
