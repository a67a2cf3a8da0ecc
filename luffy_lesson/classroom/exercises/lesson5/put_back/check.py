"""The check of exercise 2 of lesson 5."""

import inspect
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import connect, keys, new_key, nth, short, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, Process, held, killed
from luffy_lesson.classroom.check.sandbox import Steps, Wrong

MANY = 9001
"""More than Redis's Lua unpacks at once."""

JOBS = ["", "0", "None", "twin", " two\nlines ", "naïve ✓", '{"worker": "Letter", "args": []}', "*", "x" * 5000]


@exercise(number=2, answer="put_back", uses_redis=True)
def put_back(put_back: Callable[..., Any]) -> Steps:
    """Put back what a processor that is dead had in flight."""
    connection = connect()
    cases = draw("put_back")
    three = ["first", "second", "third"]
    two = three[:2]

    def fill(key: str, *jobs: str, waiting: tuple[str, ...] = ()) -> None:
        """Let a list in flight and its queue have these jobs, the first of them taken first, and no others."""
        for other in keys(connection, key):
            connection.delete(other)
        for at, those in ((f"{key}:in_flight", jobs), (key, waiting)):
            if those:
                connection.lpush(at, *those)

    def new(*jobs: str, waiting: tuple[str, ...] = ()) -> tuple[str, str]:
        """Return two keys: of a list in flight with these jobs, and of a queue."""
        fill(key := new_key(), *jobs, waiting=waiting)
        return f"{key}:in_flight", key

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    with Gate() as gate:
        through_gate = gate.connect()

        yield "moves what was in flight to the queue"
        in_flight, key = new("first")
        answer = put_back(through_gate, in_flight, key)
        if there(key) != ["first"]:
            raise Wrong(f"['first'] in {key}", f"{there(key)}", "from where to where?")
        if there(in_flight):
            raise Wrong("nothing in flight any more", f"{there(in_flight)}", "does the command copy, or does it move?")

        yield "returns how many it has moved"
        connection.lpush(in_flight, *three)
        answers = [answer, put_back(through_gate, in_flight, key), put_back(through_gate, in_flight, key)]
        if answers != [1, 3, 0]:
            raise Wrong("1 for one, 3 for three, 0 for none", ", ".join(map(repr, answers)), "what is counted?")

        yield "they are taken next, before what waits"
        in_flight, key = new(*three, waiting=("waits longer", "waits"))
        put_back(through_gate, in_flight, key)
        order = there(key)[::-1]
        if sorted(order[:3]) != three or order[3:] != ["waits longer", "waits"]:
            raise Wrong("the three before those that wait", ", ".join(order), "from which end is a job taken?")

        yield "in the order in which they were taken"
        if order[:3] != three:
            raise Wrong("first, second, third", ", ".join(order[:3]), "which of them must go back last?")

        yield "equal jobs are two jobs"
        in_flight, key = new("twin", "twin", waiting=("twin",))
        if (answer := put_back(through_gate, in_flight, key)) != 2 or there(key) != ["twin"] * 3:
            seen = f"{answer!r}, and {there(key)}"
            raise Wrong("two of two equal jobs, beside one that waits", seen, "`LREM` can remove more than one")

        yield "equal jobs go back in their order, too"
        in_flight, key = new(*(twins := ["twin", "other", "twin", "last"]))
        put_back(through_gate, in_flight, key)
        if (order := there(key)[::-1]) != twins:
            look = "at which end does it look, and from which end does it remove?"
            raise Wrong(", ".join(twins), ", ".join(order), look)

        yield "a job may be any text, also an empty one"
        drawn = [*cases.sample(JOBS, len(JOBS)), "last"]
        in_flight, key = new(*drawn)
        answer = put_back(through_gate, in_flight, key)
        order = there(key)[::-1]
        if remaining := there(in_flight):
            moved = f"once {short(order[0])} was put back" if order else "and none put back"
            seen = f"{len(remaining)} left in flight, {moved}"
            raise Wrong(f"all of {len(drawn)} jobs to be put back", seen, "how does it know that none is left?")
        for job, got in zip_longest(drawn, order):
            if got != job:
                raise Wrong(f"{short(job)} in its place", short(got), "what becomes of a text on its way?")
        if answer != len(drawn):
            raise Wrong(f"{len(drawn)} to be returned", f"{answer!r}", "which jobs does it not count?")

        yield "there may be many"
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack(0)) + 300)  # a tenth of the usual, for a tenth of so many jobs
        for count in (cases.randint(310, 400), MANY):
            in_flight, key = new()
            connection.eval("for job = 1, ARGV[1] do redis.call('LPUSH', KEYS[1], job) end", 1, in_flight, count)
            begin = time.process_time()
            answer = put_back(connection, in_flight, key)
            work = time.process_time() - begin
            if there(key)[::-1] != list(map(str, range(1, count + 1))) or answer != count:
                seen = f"{answer!r} returned, and {connection.llen(key)} in the queue"
                raise Wrong(f"{count} jobs in their order", seen, "when does it end?")
            if work > 0.01:  # it names each of them: that takes its time, and knows no such limit
                break
        sys.setrecursionlimit(usual)

        yield "a job is in one of the two lists at any moment"
        in_flight, key = new(*two)
        for came in killed(gate, lambda given: put_back(given, in_flight, key)):
            if sorted(places := there(in_flight) + there(key)) != two:
                seen = f"{places} when it was killed before its {nth(came + 1)} command"
                raise Wrong("each of two jobs in one of the two lists", seen, "is there one command that does both?")
            _an_hour_passes(connection, key)
            left = len(there(in_flight))
            answer = Process(partial(put_back, connection, in_flight, key)).result()
            if answer != left or there(key)[::-1] != two:
                seen = f"{answer!r}, and {there(key)[::-1]}"
                look = f"what does it leave when it is killed before its {nth(came + 1)} command?"
                raise Wrong("the next one to put back the rest, in their order", seen, look)
            fill(key, *two)

        yield "each job goes back once when two do it at the same time"
        in_flight, key = new(*two)
        for both in held(
            gate, lambda given: put_back(given, in_flight, key), lambda: put_back(connection, in_flight, key)
        ):
            if sorted(order := there(key)[::-1]) != two or there(in_flight):
                raise Wrong("each of two jobs once", f"{order}", "what may happen between reading and removing?")
            if sum(answer or 0 for answer in both) != 2:
                raise Wrong("2 for both together", " and ".join(map(str, both)), "who counts for another?")
            if order != two:
                raise Wrong("first, second", ", ".join(order), "what may happen between two of its moves?")
            fill(key, *two)

        yield "all go back, whatever others do meanwhile"
        in_flight, key = new(*two, waiting=("waits",))

        def meanwhile(quiet: bool) -> tuple[int, list[Any]]:
            """Let one come late; else also put one back, take one, add one. Return how many went back; the taken."""
            moved = not quiet and connection.lmove(in_flight, key, "LEFT", "RIGHT") is not None
            taken = [] if quiet else [connection.rpop(key)]
            if not quiet:
                connection.lpush(key, "new")
            connection.rpush(in_flight, "late")
            return int(moved), texts(taken)

        for quiet in (True, False):
            if not quiet:
                yield "also when they put back, take and add"
            for answer, (moved, taken) in held(
                gate, lambda given: put_back(given, in_flight, key), partial(meanwhile, quiet)
            ):
                waits, rest = there(key), there(in_flight)
                if sorted([*waits, *rest, *taken]) != sorted(["late", "waits", *two, *["new"] * (not quiet)]) or (
                    rest not in ([], ["late"])
                ):
                    seen = f"{waits} in the queue, {rest} in flight, {taken} taken"
                    look = "what may happen between its commands, and what does it do then?"
                    raise Wrong("'first' and 'second' put back, and no job lost", seen, look)
                if (answer or 0) + moved != 3 - len(rest):
                    seen = f"{answer!r}, and another has moved {moved} of {3 - len(rest)}"
                    raise Wrong("how many it has moved itself", seen, "who counts for another?")
                fill(key, *two, waiting=("waits",))


def _an_hour_passes(connection: Any, key: str) -> None:
    """Delete what goes away by itself: a lock."""
    for other in keys(connection, key):
        if connection.ttl(other) >= 0:
            connection.delete(other)
