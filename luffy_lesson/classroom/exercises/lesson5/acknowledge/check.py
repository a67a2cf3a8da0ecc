"""The check of exercise 1 of lesson 5."""

import contextlib
import queue
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, connect, kills, new_key, nth, rivals, text, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import is_empty


@exercise(number=1, answer="MyReliable", uses_redis=True)
def acknowledge(my_reliable: Any) -> Steps:
    """Rebuild the backend of step 5: `get` moves a job, and `task_done` removes it."""
    connection = connect()

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a queue with these jobs, the first of them the oldest, and of a list in flight."""
        key = new_key()
        for job in jobs:
            connection.lpush(key, job)
        return key, f"{key}:in_flight"

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    def got(backend: Any) -> Any:
        try:
            return text(backend.get())
        except queue.Empty:
            return None

    key, in_flight = new("first", "second", "third")
    backend = my_reliable(connection, key, in_flight)

    yield "`get` takes the oldest job"
    if text(job := backend.get()) != "first":
        raise Wrong("'first'", f"{job!r}", "which end of the list is it, and what is returned?")

    yield "it is in flight now, and not in the queue"
    if there(in_flight) != ["first"]:
        raise Wrong(f"['first'] in {in_flight}", f"{there(in_flight)}", "where is the job to be kept?")
    if there(key) != ["third", "second"]:
        raise Wrong(f"['third', 'second'] in {key}", f"{there(key)}", "does the command copy, or does it move?")

    yield "`get` raises `queue.Empty` when nothing is there"
    is_empty(my_reliable(connection, *new()).get)

    yield "`task_done` removes that job, and no other"
    jobs = [job, backend.get(), backend.get()]
    backend.task_done(jobs[1])
    if sorted(map(str, there(in_flight))) != ["first", "third"]:
        raise Wrong("'first' and 'third' still in flight", f"{there(in_flight)}", "how does it know which job it is?")
    if there(key):
        raise Wrong("no job in the queue", f"{there(key)}", "where is a job that is done?")

    yield "of two equal jobs it removes one"
    key, in_flight = new("twin", "twin")
    backend = my_reliable(connection, key, in_flight)
    job = backend.get()
    backend.get()
    backend.task_done(job)
    if there(in_flight) != ["twin"]:
        raise Wrong("['twin'] in flight", f"{there(in_flight)}", "the number that `LREM` is given")

    yield "two that take at the same time get different jobs"
    for wanted in (["first", "second"], ["first", None]):
        for other, rival in rivals():
            key, in_flight = new(*filter(None, wanted))
            rival.act = partial(got, my_reliable(connect(), key, in_flight))
            taken = [got(my_reliable(other, key, in_flight)), rival.answer()]
            if sorted(map(str, taken)) != sorted(map(str, wanted)):
                look = "what may happen between looking and taking?"
                raise Wrong(f"{wanted}, in any order", f"{taken}", look)

    yield "a job is in one of the two lists at any moment"
    for other in kills():
        key, in_flight = new("first")
        with contextlib.suppress(Killed):
            my_reliable(other, key, in_flight).get()
        if (places := there(key) + there(in_flight)) != ["first"]:
            seen = "in both" if len(places) > 1 else "in none"
            look = f"between its commands: it was killed before the {nth(other.commands)}. Is there one that does all?"
            raise Wrong("a job of a process that was killed in one of the two lists", seen, look)
