"""The check of exercise 2 of lesson 4."""

from typing import Any

from luffy_lesson.classroom.check.connection import connect, new_key, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import waits
from luffy_lesson.classroom.check.waiting import SOON, is_empty


@exercise(number=2, answer="TwoQueues", uses_redis=True)
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
