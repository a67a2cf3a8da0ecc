"""The check of exercise 4 of lesson 9."""

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.connection import Rehashed, connect, keys, new_key, nth, short, text
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, held, killed
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.takers import NOTHING, taken
from luffy_lesson.classroom.check.waiting import QUIET, is_empty

MANY = 60
"""How many jobs the customer with many has."""

CALLS = 200
"""How many calls the model and the answer get."""

Call = tuple[str, str]
"""A customer and a job."""


class Model:
    """What a fair queue does, in memory."""

    def __init__(self) -> None:
        self.line: deque[str] = deque()
        self.jobs: dict[str, deque[str]] = {}

    def put(self, customer: str, job: str) -> None:
        """Add a job."""
        if not self.jobs.setdefault(customer, deque()):
            self.line.append(customer)
        self.jobs[customer].append(job)

    def get(self) -> Any:
        """Return the next one."""
        if not self.line:
            return NOTHING
        customer = self.line.popleft()
        job = self.jobs[customer].popleft()
        if self.jobs[customer]:
            self.line.append(customer)
        return job


@exercise(number=4, answer="FairQueue", uses_redis=True)
def fair_queue(fair_queue: Any) -> Steps:
    """A queue in which customers take turns, however many jobs each has put in."""
    cases = draw("fair_queue")
    connection, key = connect(), new_key()
    fair = fair_queue(connection, key)

    def several(*jobs: Call) -> tuple[Any, list[Any]]:
        """Return a new queue with these jobs, and in which order they must come."""
        model, made = Model(), fair_queue(connection, new_key())
        for customer, job in jobs:
            model.put(customer, job)
            made.put(customer, job)
        return made, [model.get() for _ in jobs]

    def comes(made: Any, wanted: Iterable[Any], look: str) -> None:
        """Raise `Wrong` unless these jobs come, and then no more."""
        before: list[Any] = []
        for job in [*wanted, NOTHING]:
            if (got := taken(made.get)) != job:
                after = f" after {', '.join(map(short, before[-3:]))}" if before else ""
                raise Wrong(f"{_shown(job)}{after}", _shown(got), look)
            before.append(job)

    yield "gives back a job"
    fair.put("Ada", "a letter")
    if (got := taken(fair.get)) != "a letter":
        raise Wrong("'a letter'", _shown(got), "what does `get` return?")

    yield "raises `queue.Empty` when there is none"
    is_empty(fair.get)
    is_empty(fair_queue(connection, new_key()).get)
    begin = time.monotonic()
    taken(fair.get)
    if (waited := time.monotonic() - begin) > QUIET:
        raise Wrong("it at once", f"it after {waited:.1f} s", "for what does it wait?")

    yield "gives back the oldest job of a customer first"
    comes(*several(*(("Ada", job) for job in ("first", "second", "third"))), "at which end of a list is the oldest?")

    yield "customers take turns"
    look = "who is next, when one was served, and has more?"
    counts = {"Ada": MANY, "Bob": 6, "Eve": 8}
    made, _ = several(*((who, f"{who}'s {number}") for who in counts for number in range(1, counts[who] + 1)))
    rounds = [[f"{who}'s {number}" for who in counts if number <= counts[who]] for number in range(1, MANY + 1)]
    for number, wanted in enumerate(rounds, 1):
        if sorted(map(_shown, got := [taken(made.get) for _ in wanted])) != sorted(map(_shown, wanted)):
            raise Wrong(f"{_all(wanted)} in the {nth(number)} round", _all(got), look)
    is_empty(made.get)

    yield "who comes stands at the end of the line, also who comes again"
    look = "where in the line is a customer whose first job comes, or the first after the last?"
    made, _ = several(("Ada", "Ada's 1"), ("Eve", "Eve's 1"), ("Eve", "Eve's 2"))
    first = taken(made.get)
    made.put("Bob", "Bob's 1")
    made.put("Ada", "Ada's 2")
    if first != "Ada's 1":
        raise Wrong("Ada, who came first, to be served first", _shown(first), look)
    comes(made, ["Eve's 1", "Bob's 1", "Ada's 2", "Eve's 2"], look)

    yield "whatever customers and jobs are called"
    look = "which keys are yours, and which customer's name makes one of them? And where does one text end?"
    odd = list(dict.fromkeys(["Ada", "Ada:1", "Ada_1", "Ada 1", "ADA", *texts_of_jobs(cases)]))
    comes(*several(*((cases.choice(odd[:6]), job) for job in texts_of_jobs(cases))), look)
    comes(*several(*((customer, customer) for customer in odd)), look)
    comes(*several(*((customer, f"job {n}") for n in range(2) for customer in _names(connection, fair, key))), look)

    made, _ = several(("Ada", "Ada's 1"), (Rehashed("Ada"), "Ada's 2"), ("Bob", "Bob's"))
    comes(made, ["Ada's 1", "Bob's", "Ada's 2"], "`hash` and `id` of an equal text: in each process another number")

    yield "whoever comes and goes"
    model, made = Model(), fair_queue(connection, key := new_key())
    customers = [f"customer {number}" for number in range(12)]
    for number in range(CALLS):
        few = customers[: cases.choice([2, 4, 12])]
        if cases.random() < (0.65 if number < CALLS / 3 else 0.45):
            call = cases.choice(few), cases.choice(["an equal job", f"job {number}"])
            model.put(*call)
            made.put(*call)
        elif (got := taken(made.get)) != (job := model.get()):
            seen = f"{_shown(got)}, after {number} calls"
            raise Wrong(_shown(job), seen, "what is left in the line of a customer who has no job any more?")
    comes(made, iter(model.get, NOTHING), "what is left in the line of a customer who has no job any more?")
    other = fair_queue(connection, new_key())
    made.put("Ada", "a letter")
    if taken(other.get) is not NOTHING or taken(fair_queue(connect(), key).get) != "a letter":
        look = "where are the jobs, and what is in the names of their keys?"
        raise Wrong("a job under this key, and for everybody who has it", "another", look)
    yield Saw(f"{CALLS} calls")

    with Gate() as gate:
        key = new_key()

        def get(connection: Any) -> Any:
            return taken(fair_queue(connection, key).get)

        def put(customer: str, job: str, given: Any = connection) -> None:
            fair_queue(given, key).put(customer, job)

        def fill() -> None:
            for call in ("Ada", "Ada's 1"), ("Ada", "Ada's 2"), ("Bob", "Bob's"):
                put(*call)

        def rest() -> list[Any]:
            """Return what comes, until nothing does."""
            return list(iter(lambda: get(connection), NOTHING))

        yield "each job goes to one of two processes"
        look = "what may another process do between two commands of yours?"
        fill()
        for both in held(gate, get, lambda: get(connect())):
            if {*both} != {"Ada's 1", "Bob's"} or (left := rest()) != ["Ada's 2"]:
                seen = f"{' and '.join(map(_shown, both))}" + (f", and then {left}" if len({*both}) == 2 else "")
                raise Wrong('"Ada\'s 1" and "Bob\'s" for the two, and then "Ada\'s 2"', seen, look)
            fill()
        rest()

        yield "also when one puts while another gets"
        put("Ada", "Ada's 1")
        for _, got in held(gate, lambda given: put("Ada", "Ada's 2", given), lambda: get(connect())):
            if sorted([_shown(got), *map(_shown, left := rest())]) != [repr("Ada's 1"), repr("Ada's 2")]:
                seen = f"{_shown(got)}, and then {left}"
                raise Wrong("both jobs of Ada's, one after the other", seen, look)
            put("Ada", "Ada's 1")
        rest()

        yield "also when two put"
        for _ in held(gate, lambda given: put("Ada", "Ada's 1", given), lambda: put("Ada", "Ada's 1", connect())):
            put("Bob", "Bob's 1")
            put("Bob", "Bob's 2")
            if (left := rest()) != (wanted := ["Ada's 1", "Bob's 1", "Ada's 1", "Bob's 2"]):
                raise Wrong(", ".join(wanted), _all(left), "how often does Ada stand in the line?")

        yield "a process that is killed leaves nothing half done"
        look = "what is there, and what not yet, when it was killed before its {} command?"
        fill()
        every = ["Ada's 1", "Bob's", "Ada's 2"]
        for came in killed(gate, get):
            if (left := rest()) not in (every, every[1:]):
                raise Wrong(f"{every[1:]} to be left", f"{left}", look.format(nth(came + 1)))
            fill()
        rest()
        for came in killed(gate, lambda given: put("Ada", "Ada's 1", given)):
            put("Bob", "Bob's")
            put("Ada", "Ada's 2")
            if (left := rest()) not in (["Ada's 1", "Bob's", "Ada's 2"], ["Bob's", "Ada's 2"]):
                raise Wrong("the job to be put in, or not", f"{left}", look.format(nth(came + 1)))


def _names(connection: Any, made: Any, key: str) -> list[str]:
    """Return names of customers that lead to another key of a queue, where names and keys are not kept apart."""
    made.put("Ada", "a letter")
    made.put("Bob", "a card")
    found = [str(text(name)).removeprefix(key) for name in keys(connection, key)]
    while taken(made.get) is not NOTHING:
        pass
    if not found:
        raise Wrong(f"keys that begin with {key}", "none, and jobs that wait", "what is `self.key` for?")
    parts = [part for name in found for part in (name, name[1:], *name.split(":"))]
    return list(dict.fromkeys(["Ada", *parts, "Bob"]))


def _all(jobs: list[Any]) -> str:
    return ", ".join(map(_shown, jobs))


def _shown(job: Any) -> str:
    """Return a job to be read."""
    return repr(job) if job is NOTHING else short(job)
