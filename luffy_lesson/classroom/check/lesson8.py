"""The exercises of lesson 8."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, Observed, connect, kills, new_key, rivals, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.lesson5 import nth
from luffy_lesson.classroom.check.sandbox import Steps, Wrong


@exercise(
    lesson=8,
    answer="MyBatches",
    uses_redis=True,
    hints=[
        "How many there are is known only on the server. So the loop belongs there: a script in Lua, and "
        "`connection.eval(script, 2, self.key, self.in_flight, most, *finished)`.",
        "In the script `KEYS[1]` and `KEYS[2]` are the two lists, `ARGV[1]` is `most`, and from `ARGV[2]` on there are "
        "the finished jobs: `for i = 2, #ARGV do redis.call('LREM', KEYS[2], 1, ARGV[i]) end`.",
        "`redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')` answers with the job, or with `false`: then `break`. "
        "`taken[i] = job`, and at the end `return taken`.",
    ],
)
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


@exercise(
    lesson=8,
    answer="next_batch",
    hints=[
        "A job took `seconds / last`. How many of these fit into 0.01 seconds?",
        "`int(last * 0.01 / seconds)` fit; what if `seconds` is 0? Then there are three bounds: `max` and `min`.",
        "`most = min(2 * last, 100)`; `fitting = int(last * 0.01 / seconds) if seconds else most`; "
        "`return max(1, min(fitting, most))`.",
    ],
)
def next_batch(next_batch: Callable[[int, float], Any]) -> Steps:
    """How many jobs to take next: as many as fit into a hundredth of a second, with three bounds."""

    def expect(last: int, seconds: float, wanted: int, look: str) -> None:
        """Raise `Wrong` unless so many come after a batch of `last` jobs that took so long."""
        found = next_batch(last, seconds)
        if isinstance(found, bool) or not isinstance(found, int) or found != wanted:
            raise Wrong(f"{wanted} from `next_batch({last}, {seconds:g})`", f"{found!r}", look)

    yield "one, when a job takes longer than that"
    for last, seconds in (1, 0.05), (1, 3600), (100, 60):
        expect(last, seconds, 1, "`max(1, …)`")

    yield "as many as fit into a hundredth of a second"
    for last, seconds, wanted in (10, 0.019, 5), (100, 0.095, 10), (30, 0.04, 7), (40, 0.009, 44):
        expect(last, seconds, wanted, "how long did one job take? Half a job does not fit")

    yield "twice as many as last time at most"
    for last in (1, 10, 49):
        expect(last, 0.0001, 2 * last, "`min(2 * last, …)`")

    yield "a hundred at most"
    for last in (51, 100):
        expect(last, 0.0001, 100, "`min(100, …)`")

    yield "a batch that took no time at all is no error"
    for last in (10, 100):
        expect(last, 0, min(2 * last, 100), "what is divided by what?")


@exercise(
    lesson=8,
    answer="how_many",
    hints=[
        "Little's law: `per_second * seconds` jobs are in hand on average. If each processor may be busy for `busy` of "
        "its time, how many does that take?",
        "`math.ceil` makes a whole processor of a part of one, and one too many of `1.0000000000000002`: use "
        "`round(…, 6)` before.",
        "`max(1, math.ceil(round(per_second * seconds / busy, 6)))`, and before that "
        "`if not 0 < busy <= 1 or per_second < 0 or seconds < 0: raise ValueError(…)`.",
    ],
)
def how_many(how_many: Callable[[float, float, float], Any]) -> Steps:
    """Little's law: how many processors are needed."""
    arguments: tuple[float, float, float]

    def expect(arguments: tuple[float, float, float], wanted: int, look: str) -> None:
        """Raise `Wrong` unless so many are needed."""
        per_second, seconds, busy = arguments
        found = how_many(per_second, seconds, busy)
        if isinstance(found, bool) or not isinstance(found, int) or found != wanted:
            raise Wrong(f"{wanted} from `how_many({per_second:g}, {seconds:g}, {busy:g})`", f"{found!r}", look)

    yield "as many as there are jobs in hand, when they may be busy all the time"
    for arguments, wanted in ((5, 1, 1), 5), ((100, 0.05, 1), 5), ((8, 2, 1), 16):
        expect(arguments, wanted, "how many come while one is done?")

    yield "more, when they shall be busy for a part of the time"
    for arguments, wanted in ((4, 1, 0.8), 5), ((100, 0.05, 0.5), 10), ((9, 2, 0.75), 24):
        expect(arguments, wanted, "the smaller `busy` is, the more are needed")

    yield "a part of a processor is a whole one"
    for arguments, wanted in ((4.1, 1, 1), 5), ((10, 0.33, 0.8), 5), ((1, 1.5, 0.7), 3), ((501, 0.001, 0.5), 2):
        expect(arguments, wanted, "`math.ceil`, and how much is cut off before")

    yield "one at least"
    for arguments in (0, 1, 0.5), (0.001, 1, 0.5), (5, 0, 0.5):
        expect(arguments, 1, "who does the job that comes once a year?")

    yield "a rounding error costs no processor"
    for arguments, wanted in ((3, 0.1, 0.3), 1), ((6, 0.1, 0.2), 3):
        per_second, seconds, busy = arguments
        expect(arguments, wanted, f"{per_second} * {seconds} / {busy} is {per_second * seconds / busy}")

    yield "refuses what makes no sense"
    shares, numbers = "`busy` is more than 0, and 1 at most", "which of the numbers is negative?"
    refused = [((4, 1, busy), shares) for busy in (0, -0.5, 1.5, 80)]
    refused += [((*pair, 0.5), numbers) for pair in ((-4, 1), (4, -1), (-4, -1))]
    for arguments, look in refused:
        try:
            found = how_many(*arguments)
        except ValueError:
            continue
        call = ", ".join(f"{argument:g}" for argument in arguments)
        raise Wrong(f"ValueError from `how_many({call})`", f"{found!r}", look)
