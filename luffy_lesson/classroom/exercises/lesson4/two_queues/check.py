"""The check of exercise 2 of lesson 4."""

from typing import Any

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.connection import connect, new_key, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.takers import Waiting, at_once, between, taken, takes_one, waits
from luffy_lesson.classroom.check.waiting import QUIET, until


@exercise(number=2, answer="TwoQueues", uses_redis=True)
def two_queues(two_queues: Any) -> Steps:
    """Two queues, and one `get` that empties the urgent one before it touches the usual one."""
    random = draw("two_queues")
    connection, key = connect(), new_key()
    urgent, usual = f"{key}:b", f"{key}:a"
    backend = two_queues(connection, urgent, usual)

    def get() -> Any:
        return taken(lambda: backend.get(timeout=1))

    yield "gets a usual job"
    connection.lpush(usual, "a letter")
    if (got := get()) != "a letter":
        raise Wrong("'a letter'", f"{got!r}", "which part of Redis's answer is the job?")

    yield "gets an urgent job before the usual ones"
    connection.lpush(usual, "a letter", "a card")
    connection.lpush(urgent, "a fire", "a flood")
    first = [get() for _ in range(4)]
    if sorted(map(str, first[:2])) != ["a fire", "a flood"]:
        raise Wrong("the fire and the flood first", ", ".join(map(str, first)), "the order of the keys")
    connection.lpush(usual, "a fire")
    connection.lpush(urgent, "a letter")
    swapped = two_queues(connection, usual, urgent)
    if (got := [taken(lambda: swapped.get(timeout=1)) for _ in range(2)]) != ["a fire", "a letter"]:
        raise Wrong("the same with other keys", ", ".join(map(str, got)), "what does the order of the keys depend on?")

    yield "gets the oldest of each first"
    if first != ["a fire", "a flood", "a letter", "a card"]:
        raise Wrong("a fire, a flood, a letter, a card", ", ".join(map(str, first)), "which end of the list?")

    waiting = Waiting(two_queues(connection, new_key(), new_key()).get, 0, 0.45, 1.2)

    yield "waits for an urgent job"
    waits(lambda: backend.get(timeout=3), lambda: connection.lpush(urgent, "a fire"), "a fire")

    yield "takes no job after it has ended"
    connection.lpush(usual, "a letter")
    connection.lpush(urgent, "a fire")
    if until(lambda: connection.exists(usual, urgent) < 2, QUIET / 2):
        raise Wrong("2 jobs to stay where they are", "fewer", "who waits for a job still?")
    connection.delete(usual, urgent)

    yield "waits for a usual job at the same time"
    waits(lambda: backend.get(timeout=3), lambda: connection.lpush(usual, "a letter"), "a letter")

    yield "gets many jobs, whatever their texts are"
    letters, fires = texts_of_jobs(random), [*texts_of_jobs(random), key]
    connection.lpush(usual, *letters)
    connection.lpush(urgent, *fires)
    queued = fires + letters
    for number, job in enumerate(queued, 1):
        if (got := get()) != job:
            kind = "urgent" if number <= len(fires) else "usual"
            look = "how many of the urgent jobs come first?" if job else "an empty text is a job, too"
            raise Wrong(f"{job!r} from the {kind} queue", f"{got!r}", look)
        left = texts(connection.lrange(usual, 0, -1) + connection.lrange(urgent, 0, -1))
        if left != queued[number:][::-1]:
            raise Wrong(
                "the oldest job to leave its list, and no other", "another", "which other commands change a list?"
            )

    yield "raises `queue.Empty` when nothing comes in time"
    waiting.gives_up("what becomes of `timeout`, and what does 0 mean to `BRPOP`?")

    def take(connection: Any) -> Any:
        return two_queues(connection, urgent, usual).get(timeout=0.5)

    def take_at_once(connection: Any) -> Any:
        return two_queues(connection, urgent, usual).get(timeout=0)

    twos = {usual: ["a letter", "a card"]}, {urgent: ["a fire"], usual: ["a letter"]}
    with Gate() as gate:
        yield "gives each job to one of two processes"
        for jobs in twos:
            between(gate, take, connection, jobs)

        yield "takes no job but the one that it returns"
        takes_one(gate, take, connection, {urgent: ["a fire", "a flood"], usual: ["a letter", "a card"]})

        yield "takes at once what is there with a timeout of 0"
        at_once(take_at_once, connection, {urgent: fires, usual: letters})
        for jobs in twos:
            between(gate, take_at_once, connection, jobs)
