"""The check of exercise 1 of lesson 4."""

from typing import Any

from luffy_lesson.classroom.check.connection import connect, new_key, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import each_once, waits
from luffy_lesson.classroom.check.waiting import SOON, is_empty


@exercise(number=1, answer="MyBackend", uses_redis=True)
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
