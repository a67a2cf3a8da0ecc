"""The exercises of lesson 5."""

import contextlib
import queue
from collections.abc import Callable
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.connection import Killed, Rival, connect, kills, new_key, rivals, text, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.lesson4 import Rehashed
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong
from luffy_lesson.classroom.check.waiting import is_empty

DAY = 24 * 60 * 60
"""In seconds."""


@exercise(
    lesson=5,
    answer="MyReliable",
    uses_redis=True,
    hints=[
        "A pop and a push are two commands, and a process can be killed between them. Which one command does both?",
        '`connection.lmove(self.key, self.in_flight, "RIGHT", "LEFT")` moves a job and answers with it, or with '
        "`None`: then `raise queue.Empty`.",
        "`LREM` removes equal elements of a list, as many as one says: `connection.lrem(self.in_flight, 1, job)`.",
    ],
)
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


def nth(number: int) -> str:
    """Return the word for a place in a row."""
    return ["first", "second", "third"][number - 1] if number <= 3 else f"{number}th"


@exercise(
    lesson=5,
    answer="put_back",
    uses_redis=True,
    hints=[
        "The one that goes back last is taken next: so the one that was taken last goes back first.",
        '`connection.lmove(in_flight, key, "LEFT", "RIGHT")` moves one, in one step, and answers with `None` when none '
        "is left.",
        "`while connection.lmove(…) is not None: count += 1`. Whoever else does that meanwhile moves other jobs.",
    ],
)
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


@exercise(
    lesson=5,
    answer="ChargeOnce",
    uses_redis=True,
    hints=[
        "A mark for each job: a key made from `self.key` and `job_id`. Who asks whether it is there, and sets it only "
        "after that, may find another doing the same.",
        "`connection.set(mark, 1, nx=True, ex=24 * 60 * 60)` answers whether it has set it. It comes before "
        "the charge.",
        "`try: self.charge(amount)`, `except BaseException: self.connection.delete(mark)`, and in the next line "
        "`raise`. At the end `return True`.",
    ],
)
def charge_once(charge_once: Any) -> Steps:
    """An idempotent job: it may be performed twice, and charges once."""
    connection, key = connect(), new_key()
    charged: list[Any] = []
    invoices = charge_once(connection, key, charged.append)

    def marks() -> list[Any]:
        return list(connection.scan_iter(f"{key}*"))

    yield "charges, and returns True"
    answer = invoices.perform("job 1", 20)
    if charged != [20] or answer is not True:
        raise Wrong("a charge of 20, and True", f"{charged}, and {answer!r}", "`self.charge(amount)`, and `return`")

    yield "does not charge for the same job again, and returns False"
    answers = [invoices.perform("job 1", 20), invoices.perform("job 1", 20)]
    if charged != [20] or answers != [False, False]:
        seen = f"{len(charged)}, and {answers}"
        raise Wrong("one charge, and False the second and the third time", seen, "who knows of the first?")

    yield "charges for another job of the same amount"
    if invoices.perform("job 2", 20) is not True or charged != [20, 20]:
        raise Wrong("two charges for two jobs", f"{len(charged)}", "what is in the key of the mark?")

    yield "remembers it in another process, too"
    for again in ("job 1", Rehashed("job 1")):
        charge_once(connect(), key, charged.append).perform(again, 20)
        if len(charged) != 2:
            raise Wrong("False, and no charge", "a charge", "where is it remembered, and under which name?")

    yield "the mark goes away by itself after a day"
    if not (before := marks()):
        raise Wrong(f"a key that begins with {key}", "no such key", "where is it remembered?")
    times = [connection.ttl(mark) for mark in before]
    if not all(DAY - 600 < seconds <= DAY for seconds in times):
        seen = ", ".join(f"{seconds} s" for seconds in times if seconds > 0) or "marks that stay for ever"
        raise Wrong(f"marks for a day, {DAY} s", seen, "`ex=`")
    for mark in before:
        connection.expire(mark, DAY // 2)
    invoices.perform("job 3", 20)
    if any(connection.ttl(mark) > DAY // 2 for mark in before):
        raise Wrong("each mark to have its own day", "one that lives on with each job", "the key of the mark")

    yield "charges once when two perform it at the same moment"
    for other, rival in rivals():
        charged.clear()
        key = new_key()
        rival.act = partial(charge_once(connect(), key, charged.append).perform, "job 1", 20)
        answers = [charge_once(other, key, charged.append).perform("job 1", 20), rival.answer()]
        if len(charged) != 1 or sorted(answers) != [False, True]:
            seen = f"{len(charged)}, and {answers}"
            raise Wrong("one charge, one True and one False", seen, "what may happen between asking and setting?")
    charged.clear()
    key, rival = new_key(), Rival()

    def charge_slowly(amount: Any) -> None:
        charged.append(amount)
        rival.begin()

    rival.act = lambda: charge_once(connect(), key, charged.append).perform("job 1", 20)
    answers = [charge_once(connection, key, charge_slowly).perform("job 1", 20), rival.answer()]
    if len(charged) != 1 or sorted(answers) != [False, True]:
        seen = f"{len(charged)}, and {answers}"
        raise Wrong("one charge when another comes while it charges", seen, "when is the mark set?")

    def refuse(_: Any) -> None:
        raise Planned("the card was refused")

    yield "lets the error of `charge` through"
    charged.clear()
    key = new_key()
    charge_once(connection, key, charged.append).perform("job 1", 20)
    with_bad_card = charge_once(connection, key, refuse)
    raised = False
    try:
        with_bad_card.perform("job 2", 20)
    except Planned:
        raised = True
    if not raised:
        raise Wrong("the error of `charge`", "none", "is there a `raise` in the `except`?")

    yield "charges at the next try when `charge` has raised"
    answer = charge_once(connection, key, charged.append).perform("job 2", 20)
    if answer is not True or len(charged) != 2:
        raise Wrong("True, and a charge", f"{answer!r}, and none", "what becomes of the mark when nothing was charged?")

    yield "takes back the mark of that job, and no other"
    for job in ("job 1", "job 2"):
        with contextlib.suppress(Planned):
            with_bad_card.perform("job 3", 20)
        if charge_once(connection, key, charged.append).perform(job, 20) is not False:
            raise Wrong(f"False for {job}, which has charged", "a charge", "which mark is taken back?")
