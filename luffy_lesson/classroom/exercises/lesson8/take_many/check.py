"""The check of exercise 1 of lesson 8."""

import time
from collections import Counter
from itertools import chain
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import connect, new_key, nth, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, Process, held, killed
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET

FIVE = ["first", "second", "third", "fourth", "fifth"]

MANY = 9001
"""More than Redis's Lua unpacks at once."""

ODD = ["", " ", "0", "false", "two words", "a,b", "a;b|c", '{"args": [1, "x"]}', "two\nlines", "größer", "%d", "\\n"]
"""Texts that a job may be as well."""


@exercise(number=1, answer="MyBatches", uses_redis=True)
def take_many(my_batches: Any) -> Steps:
    """Rebuild the idea of step 8: acknowledge what is finished and take many jobs, in one request."""
    cases = draw("take_many")
    connection = connect()

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a queue with these jobs, the first of them the oldest, and of a list in flight."""
        key = new_key()
        if jobs:
            connection.lpush(key, *jobs)
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

    key, in_flight = new(*FIVE)
    batches = my_batches(connection, key, in_flight)
    my_batches(connection, *new())  # another one has keys of its own

    yield "takes the oldest jobs, the oldest first, and no more than it is told"
    if (taken := take(batches, 3, [])) != FIVE[:3]:
        raise Wrong(f"{FIVE[:3]}", f"{taken}", "which end is the oldest at, and how many are three?")

    yield "they are in flight now, the oldest at the right end, and not in the queue"
    if there(in_flight) != FIVE[2::-1]:
        raise Wrong(f"{FIVE[2::-1]} in {in_flight}", f"{there(in_flight)}", "to which end does each go?")
    if there(key) != FIVE[:2:-1]:
        raise Wrong(f"{FIVE[:2:-1]} in {key}", f"{there(key)}", "does the script copy, or does it move?")

    yield "takes what there is, when that is less, and none of none"
    taken, took = take(batches, 10, []), []
    for _ in range(2):
        begin = time.monotonic()
        none = take(batches, 10, [])
        if taken != FIVE[3:] or none:
            raise Wrong(f"{FIVE[3:]}, and then []", f"{taken}, and then {none}", "what if the queue is empty?")
        took.append(time.monotonic() - begin)
    if min(took) > QUIET:
        raise Wrong("[] at once", f"it after {min(took):.1f} s", "what does it wait for, when nothing is there?")

    yield "removes what is finished, and nothing else"
    connection.lpush(key, "sixth")
    take(batches, 1, ["fourth", "second"])
    if there(in_flight) != ["sixth", "fifth", "third", "first"]:
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

    yield "of two equal jobs it removes none that waits still"
    key, in_flight = new("twin", "twin")
    batches = my_batches(connection, key, in_flight)
    take(batches, 1, [])
    take(batches, 0, ["twin"])
    if there(key) != ["twin"] or there(in_flight):
        seen = f"{there(key)}, and {there(in_flight)} in flight"
        raise Wrong("['twin'] in the queue, and none in flight", seen, "from which list does it remove?")

    yield "removes first, and takes then"
    taken = take(batches, 1, ["twin"])  # that one is not in flight: somebody has put it back
    if taken != ["twin"] or there(in_flight) != ["twin"]:
        seen = f"{taken}, and {there(in_flight)} in flight"
        look = "was it in flight when it was to be removed?"
        raise Wrong("['twin'] to be taken, and in flight", seen, look)

    yield "for one that is not there it removes no other"
    key, in_flight = new("first", "gone", "second")
    batches = my_batches(connection, key, in_flight)
    take(batches, 3, [])
    connection.lrem(in_flight, 1, "gone")
    take(batches, 0, ["gone", "first"])
    if there(in_flight) != ["second"]:
        look = "what does it count, and are those the same jobs?"
        raise Wrong(
            "['second'] in flight, once 'first' and one that is not there are finished", f"{there(in_flight)}", look
        )

    yield "there may be many"
    many = [str(number) for number in range(1200)]
    key, in_flight = new(*many)
    batches = my_batches(connection, key, in_flight)
    first = take(batches, 1100, [])
    second = take(batches, 1100, first)
    if [first, second] != [many[:1100], many[1100:]] or there(in_flight) != second[::-1]:
        seen = f"{len(first)} and {len(second)}, and {connection.llen(in_flight)} in flight"
        raise Wrong("1100 of 1200 jobs, then 100, and these in flight", seen, "how many does it take at most?")

    yield "a job may be any text, an empty one, too"
    key, in_flight = new()
    batches = my_batches(connection, key, in_flight)
    waiting: list[str] = []
    flying: list[str] = []
    for turn in range(15):
        coming = cases.choices(ODD, k=cases.randint(1, 5)) if turn else [*cases.sample(ODD, len(ODD)), "last"]
        connection.lpush(key, *coming)
        waiting += coming
        finished = cases.sample(flying, cases.randint(0, len(flying)) if turn > 1 else len(flying))
        most = cases.randint(0, 6) if turn else len(coming)
        taken, wanted, waiting = take(batches, most, finished), waiting[:most], waiting[most:]
        if taken != wanted or there(key) != waiting[::-1]:
            raise Wrong(f"{wanted}", f"{taken}", "what is asked of a job, and what is done with its text?")
        flying = list((Counter(flying) - Counter(finished)).elements()) + wanted
        found = Counter(there(in_flight))
        if found != Counter(flying):
            more, less = (list(each.elements()) for each in (found - Counter(flying), Counter(flying) - found))
            seen = f"{more} there still, and {less} gone as well"
            raise Wrong(f"{finished} to be gone, and no other", seen, "how do the texts travel?")

    three, finished = FIVE[:3], ["fourth", "fifth"]

    def busy() -> tuple[str, str]:
        """Return two keys: of a queue with three jobs, and of a list with two that are finished and one that is not."""
        key, in_flight = new(*three)
        connection.lpush(in_flight, *finished, "sixth")
        return key, in_flight

    def take_two(connection: Any) -> list[Any]:
        return take(my_batches(connection, key, in_flight), 2, finished)

    def take_two_as_well() -> list[Any]:
        return take(my_batches(connection, key, in_flight), 2, [])

    def commands(times: int) -> int:
        """Return how many commands a process sends that takes so often."""

        def takes() -> None:
            batches = my_batches(gate.connect(), key, in_flight)
            for _ in range(times):
                take(batches, 2, finished)

        key, in_flight = new(*FIVE)
        connection.lpush(in_flight, *finished, *finished)
        gate.watch(lambda number: None)
        Process(takes).result()
        return len(gate.commands)

    with Gate() as gate:
        yield "a job is in one of the two lists at any moment"
        key, in_flight = busy()
        for came_through in killed(gate, take_two):
            places = [job for job in there(key) + there(in_flight) if job not in finished]
            if sorted(places) != sorted([*three, "sixth"]):
                seen = f"{places} when it was killed before its {nth(came_through + 1)} command"
                raise Wrong("each of four jobs in one of the two lists", seen, "can one request do it all?")
            key, in_flight = busy()

        yield "each job is taken once when two take at the same time"
        key, in_flight = busy()
        for both in held(gate, take_two, take_two_as_well):
            if sorted(taken := list(chain(*both))) != sorted(three):
                raise Wrong("each of three jobs once", f"{taken}", "what may happen between reading and removing?")
            if sorted(there(in_flight)) != sorted([*three, "sixth"]):
                raise Wrong("all three in flight, and the sixth", f"{there(in_flight)}", "what is removed?")
            key, in_flight = busy()

        yield "asks the server once"
        if (asked := commands(2) - commands(1)) != 1:  # who registers a script does that the first time
            look = "a script can do both, and so can a transaction: `pipeline()`, unless it is told `transaction=False`"
            raise Wrong("one request, which is one step", f"{asked} steps", look)

    yield "as many as it is told, in one step still"
    key, in_flight = new()
    connection.eval("for number = 1, ARGV[1] do redis.call('LPUSH', KEYS[1], number) end", 1, key, MANY)
    taken = take(my_batches(connection, key, in_flight), MANY, [])
    if len(taken) != MANY or connection.llen(in_flight) != MANY:
        seen = f"{len(taken)}, and {connection.llen(in_flight)} in flight"
        raise Wrong(f"{MANY} of {MANY} jobs, and these in flight", seen, "how many does it take at most?")
