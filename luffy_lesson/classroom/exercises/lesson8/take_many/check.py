"""The check of exercise 1 of lesson 8."""

import contextlib
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, Observed, connect, kills, new_key, nth, rivals, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong


@exercise(number=1, answer="MyBatches", uses_redis=True)
def take_many(my_batches: Any) -> Steps:
    """Rebuild the idea of step 8: acknowledge what is finished and take many jobs, in one command."""
    connection = connect()
    five = ["first", "second", "third", "fourth", "fifth"]

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a queue with these jobs, the first of them the oldest, and of a list in flight."""
        key = new_key()
        for job in jobs:
            connection.lpush(key, job)
        return key, f"{key}:in_flight"

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    answered: dict[Any, Any] = {}  # jobs as `take` has returned them, by their texts

    def take(batches: Any, most: int, finished: list[Any]) -> list[Any]:
        """Return what is taken, as texts. Raise `Wrong` when that is no list.

        What is `finished` are texts as well; `take` gets back what it has returned for them.
        """
        taken = batches.take(most, [answered[job] for job in finished])
        if not isinstance(taken, list):
            raise Wrong("a list of jobs", f"{taken!r}", "what does `take` return?")
        answered.update(zip(texts(taken), taken, strict=True))
        return texts(taken)

    key, in_flight = new(*five)
    batches = my_batches(connection, key, in_flight)

    yield "takes the oldest jobs, the oldest first, and no more than it is told"
    if (taken := take(batches, 3, [])) != five[:3]:
        raise Wrong(f"{five[:3]}", f"{taken}", "which end is the oldest at, and how many are three?")

    yield "they are in flight now, the oldest at the right end, and not in the queue"
    if there(in_flight) != five[2::-1]:
        raise Wrong(f"{five[2::-1]} in {in_flight}", f"{there(in_flight)}", "to which end does each go?")
    if there(key) != five[:2:-1]:
        raise Wrong(f"{five[:2:-1]} in {key}", f"{there(key)}", "does the script copy, or does it move?")

    yield "takes what there is, when that is less, and none of none"
    taken = [take(batches, 10, []), take(batches, 10, [])]
    if taken != [five[3:], []]:
        raise Wrong(f"{five[3:]}, and then []", f"{taken[0]}, and then {taken[1]}", "what if the queue is empty?")

    yield "removes what is finished, and nothing else"
    connection.lpush(key, "sixth")
    take(batches, 1, ["second", "fourth"])
    if sorted(there(in_flight)) != ["fifth", "first", "sixth", "third"]:
        seen = f"{there(in_flight)}"
        raise Wrong("second and fourth to be gone, and no other", seen, "what is done with `finished`?")

    yield "does so when there is nothing to take, too"
    take(batches, 5, ["first", "third"])
    if sorted(there(in_flight)) != ["fifth", "sixth"]:
        raise Wrong("['sixth', 'fifth'] in flight", f"{there(in_flight)}", "what comes first in the script?")

    yield "takes none with a `most` of 0, and removes what is finished"
    connection.lpush(key, "seventh")
    taken = take(batches, 0, ["fifth"])
    if taken or there(key) != ["seventh"]:
        raise Wrong("[], and ['seventh'] in the queue", f"{taken}, and {there(key)}", "in `LRANGE`, what is `-0`?")
    if there(in_flight) != ["sixth"]:
        raise Wrong("['sixth'] in flight", f"{there(in_flight)}", "what comes first in the script?")

    yield "of two equal jobs it removes one"
    key, in_flight = new("twin", "twin")
    batches = my_batches(connection, key, in_flight)
    take(batches, 2, [])
    take(batches, 2, ["twin"])
    if there(in_flight) != ["twin"]:
        raise Wrong("['twin'] in flight", f"{there(in_flight)}", "the number that `LREM` is given")

    yield "of two equal jobs that are both finished it removes both"
    connection.lpush(key, "twin")
    take(batches, 1, [])
    take(batches, 1, ["twin", "twin"])
    if there(in_flight):
        raise Wrong("nothing in flight", f"{there(in_flight)}", "how often is an equal job in `finished`?")

    yield "each job is taken once when two take at the same time"
    for other, rival in rivals():
        key, in_flight = new(*five[:3])
        rival.act = partial(take, my_batches(connect(), key, in_flight), 2, [])
        taken = take(my_batches(other, key, in_flight), 2, []) + rival.answer()
        if sorted(taken) != sorted(five[:3]):
            raise Wrong("each of three jobs once", f"{taken}", "what may happen between reading and removing?")

    yield "a job is in one of the two lists at any moment"
    for other in kills():
        key, in_flight = new(*five[:3])
        with contextlib.suppress(Killed):
            take(my_batches(other, key, in_flight), 3, [])
        if sorted(places := there(key) + there(in_flight)) != sorted(five[:3]):
            seen = f"{places} when it was killed before its {nth(other.commands)} command"
            raise Wrong("each of three jobs in one of the two lists", seen, "can one command do it all?")

    yield "asks the server once"
    key, in_flight = new(*five)
    other = connect(Observed)
    batches = my_batches(other, key, in_flight)
    finished = take(batches, 2, [])  # who registers a script has done that now
    before = other.commands
    take(batches, 2, finished)
    if (asked := other.commands - before) != 1:
        raise Wrong("one command for all", f"{asked}", "a script can do both, and so can a transaction")
