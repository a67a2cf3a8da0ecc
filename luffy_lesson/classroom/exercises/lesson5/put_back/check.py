"""The check of exercise 2 of lesson 5."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, connect, kills, new_key, nth, rivals, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong


@exercise(number=2, answer="put_back", uses_redis=True)
def put_back(put_back: Callable[..., Any]) -> Steps:
    """Put back what a processor that is dead had in flight."""
    connection = connect()
    three = ["first", "second", "third"]

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a list in flight with these jobs, the first of them taken first, and of a queue."""
        key = new_key()
        for job in jobs:
            connection.lpush(f"{key}:in_flight", job)
        return f"{key}:in_flight", key

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    yield "moves what was in flight to the queue"
    in_flight, key = new("first")
    answer = put_back(connection, in_flight, key)
    if there(key) != ["first"]:
        raise Wrong(f"['first'] in {key}", f"{there(key)}", "from where to where?")
    if there(in_flight):
        raise Wrong("nothing in flight any more", f"{there(in_flight)}", "does the command copy, or does it move?")

    yield "returns how many it has moved"
    in_flight, key = new(*three)
    answers = [answer, put_back(connection, in_flight, key), put_back(connection, in_flight, key)]
    if answers != [1, 3, 0]:
        raise Wrong("1 for one, 3 for three, 0 for none", ", ".join(map(repr, answers)), "what is counted?")

    yield "they are taken next, before what waits"
    in_flight, key = new(*three)
    connection.lpush(key, "waits", "waits longer")
    put_back(connection, in_flight, key)
    order = there(key)[::-1]
    if sorted(order[:3]) != three:
        raise Wrong("the three before those that wait", ", ".join(order), "from which end is a job taken?")

    yield "in the order in which they were taken"
    if order[:3] != three:
        raise Wrong("first, second, third", ", ".join(order[:3]), "which of them must go back last?")

    yield "equal jobs are two jobs"
    in_flight, key = new("twin", "twin")
    if (answer := put_back(connection, in_flight, key)) != 2 or there(key) != ["twin", "twin"]:
        raise Wrong("two of two equal jobs", f"{answer!r}, and {there(key)}", "`LREM` can remove more than one")

    yield "each job goes back once when two do it at the same time"
    for other, rival in rivals():
        in_flight, key = new(*three)
        rival.act = partial(put_back, connect(), in_flight, key)
        answers = [put_back(other, in_flight, key), rival.answer()]
        if sorted(there(key)) != three or there(in_flight):
            raise Wrong("each of three jobs once", f"{there(key)}", "what may happen between reading and removing?")
        if sum(answers) != 3:
            raise Wrong("3 for both together", " and ".join(map(str, answers)), "who counts what another has moved?")

    yield "a job is in one of the two lists at any moment"
    for other in kills():
        in_flight, key = new(*three)
        with contextlib.suppress(Killed):
            put_back(other, in_flight, key)
        if sorted(places := there(in_flight) + there(key)) != three:
            seen = f"{places} when it was killed before its {nth(other.commands)} command"
            raise Wrong("each of three jobs in one of the two lists", seen, "is there one command that does both?")
