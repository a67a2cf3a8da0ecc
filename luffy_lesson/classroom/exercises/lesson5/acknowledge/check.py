"""The check of exercise 1 of lesson 5."""

import contextlib
import queue
import time
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.connection import connect, keys, new_key, nth, short, text, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate, held, killed
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import is_empty

WAITING = {b"BLMOVE", b"BRPOPLPUSH", b"BRPOP", b"BLPOP", b"BLMPOP"}
"""Commands that wait."""

JOBS = ["", "0", "None", "twin", "twin", " two\nlines ", "naïve ✓", '{"worker": "Letter", "args": []}', "*", "x" * 5000]


@exercise(number=1, answer="MyReliable", uses_redis=True)
def acknowledge(my_reliable: Any) -> Steps:
    """Rebuild the backend of step 5: `get` moves a job, and `task_done` removes it."""
    connection = connect()
    cases = draw("acknowledge")

    def fill(key: str, *jobs: str, taken: tuple[str, ...] = ()) -> None:
        """Let a queue and its list in flight have these jobs, the first of them the oldest, and no others."""
        for other in keys(connection, key):
            connection.delete(other)
        for at, those in ((key, jobs), (f"{key}:in_flight", taken)):
            if those:
                connection.lpush(at, *those)

    def new(*jobs: str) -> tuple[str, str]:
        """Return two keys: of a queue with these jobs, and of a list in flight."""
        fill(key := new_key(), *jobs)
        return key, f"{key}:in_flight"

    def there(key: str) -> list[Any]:
        return texts(connection.lrange(key, 0, -1))

    def got(backend: Any) -> Any:
        try:
            return backend.get()
        except queue.Empty:
            return queue.Empty

    def said(things: list[Any]) -> str:
        return " and ".join("`queue.Empty`" if thing is queue.Empty else short(thing) for thing in things)

    with Gate() as gate:
        through_gate = gate.connect()
        key, in_flight = new("first", "second", "third")
        backend = my_reliable(through_gate, key, in_flight)

        yield "`get` takes the oldest job"
        if text(job := backend.get()) != "first":
            raise Wrong("'first'", f"{job!r}", "which end of the list is it, and what is returned?")

        yield "it is in flight now, and not in the queue"
        if there(in_flight) != ["first"]:
            raise Wrong(f"['first'] in {in_flight}", f"{there(in_flight)}", "where is the job to be kept?")
        if there(key) != ["third", "second"]:
            raise Wrong(f"['third', 'second'] in {key}", f"{there(key)}", "does the command copy, or does it move?")
        if (seconds := connection.ttl(in_flight)) != -1:
            raise Wrong("a list that stays", f"one that is gone after {seconds} s", "and if the job takes longer?")

        yield "what is taken next is to the left of it"
        jobs = [job, backend.get(), backend.get()]
        if texts(jobs) != ["first", "second", "third"]:
            raise Wrong("'first', 'second', 'third', one after another", said(jobs), "what is taken?")
        if there(in_flight) != ["third", "second", "first"]:
            raise Wrong("['third', 'second', 'first'] in flight", f"{there(in_flight)}", "to which end does it move?")

        yield "`get` raises `queue.Empty` when nothing is there"
        is_empty(my_reliable(through_gate, *new()).get)
        is_empty(backend.get)  # also with jobs in flight

        yield "and it does not wait for a job"
        gate.watch(lambda number: None)
        begin = time.monotonic()
        took: list[float] = []
        while not took or (min(took) > 0.04 and (len(took) < 3 or time.monotonic() < begin + 1)):
            before = time.monotonic()
            is_empty(backend.get)
            took.append(time.monotonic() - before)
            if waits := [command[0].decode() for command in gate.commands if command[0] in WAITING]:
                raise Wrong("a command that does not wait", f"`{waits[0]}`", "which command does the same at once?")
        if min(took) > 0.04:
            raise Wrong("`queue.Empty` at once", f"it after {min(took):.2f} s", "what does it do before it raises?")

        yield "an error of the server is no empty queue"
        connection.set(no_list := new_key(), "not a list")
        told: list[Any] = []
        with contextlib.suppress(Exception):  # the server's, or one that tells of it
            told.append(got(my_reliable(through_gate, no_list, new_key())))
        if told:
            look = "what does the `except` catch?"
            raise Wrong("the server's error, for a key that is no list", said(told), look)

        yield "`task_done` removes that job, and no other"
        backend.task_done(second := jobs[1])
        if (left := there(in_flight)) != ["third", "first"]:
            raise Wrong("['third', 'first'] in flight", f"{left}", "how does it know which job it is?")
        if there(key):
            raise Wrong("no job in the queue", f"{there(key)}", "where is a job that is done?")
        if others := [text(other) for other in keys(connection, key) if text(other) not in (key, in_flight)]:
            raise Wrong("the job nowhere any more", f"a key {others[0]}", "where is a job that is done?")

        yield "of two equal jobs `get` takes the one that has waited longer"
        key, in_flight = new("twin", "other", "twin")
        backend = my_reliable(through_gate, key, in_flight)
        backend.get()
        if there(key) != ["twin", "other"]:
            look = "at which end does it look, and from which end does it remove?"
            raise Wrong("['twin', 'other'] in the queue", f"{there(key)}", look)

        yield "of two equal jobs it removes one"
        key, in_flight = new("twin", "twin", "twin")
        backend = my_reliable(through_gate, key, in_flight)
        job = backend.get()
        backend.get()
        backend.task_done(job)
        if there(in_flight) != ["twin"]:
            raise Wrong("['twin'] in flight", f"{there(in_flight)}", "the number that `LREM` is given")
        if there(key) != ["twin"]:
            raise Wrong("['twin'] still in the queue", f"{there(key)}", "from which list does it remove?")

        yield "a job that others have put back stays in the queue"
        key, in_flight = new("job")
        backend = my_reliable(through_gate, key, in_flight)
        job = backend.get()
        connection.lmove(in_flight, key, "LEFT", "RIGHT")
        with contextlib.suppress(Exception):  # it may complain
            backend.task_done(job)
        if there(key) != ["job"]:
            raise Wrong("['job'] in the queue", f"{there(key)}", "from which list does `task_done` remove?")

        yield "a job may be any text, also an empty one"
        drawn = cases.sample(JOBS, len(JOBS))
        key, in_flight = new(*drawn)
        backend = my_reliable(through_gate, key, in_flight)
        taken = []
        for job in drawn:
            if text(answer := got(backend)) != job:
                raise Wrong(said([job]), said([answer]), "how does it know that nothing is there?")
            taken.append(answer)
        for done in cases.sample(taken, len(taken)):
            drawn.remove(text(done))
            backend.task_done(done)
            if sorted(left := there(in_flight)) != sorted(drawn):
                seen = f"{len(left)} in flight once {said([done])} was done"
                raise Wrong(f"{len(drawn)} other jobs", seen, "which job does `task_done` remove?")

        yield "a job is in one of the two lists at any moment"
        key, in_flight = new("first")
        for came in killed(gate, lambda given: my_reliable(given, key, in_flight).get()):
            if (places := there(key) + there(in_flight)) != ["first"]:
                seen = "in both" if len(places) > 1 else "in none"
                look = f"between its commands: it was killed before the {nth(came + 1)}. Is there one that does all?"
                raise Wrong("a job of a process that was killed in one of the two lists", seen, look)
            fill(key, "first")

        yield "two that take at the same time get different jobs"
        for waiting, wanted in ((["first", "second"], ["first", "second"]), (["first"], ["first", queue.Empty])):
            key, in_flight = new(*waiting)

            def take(given: Any, key: str = key, in_flight: str = in_flight) -> Any:
                return got(my_reliable(given, key, in_flight))

            for both in held(gate, take, partial(take, connection)):
                if sorted(map(str, texts([*both]))) != sorted(map(str, wanted)):
                    look = "what may happen between looking and taking?"
                    raise Wrong(f"{said(wanted)}, in any order", said([*both]), look)
                fill(key, *waiting)

        yield "`task_done` loses no other job when it is killed"
        again = partial(fill, key, "waits", taken=("first", "second", "third"))
        again()
        for came in killed(gate, lambda given: my_reliable(given, key, in_flight).task_done(second)):
            if there(in_flight) not in (["third", "second", "first"], ["third", "first"]) or there(key) != ["waits"]:
                look = f"between its commands: it was killed before the {nth(came + 1)}"
                raise Wrong("['third', 'first'] in flight, with 'second' or without", f"{there(in_flight)}", look)
            again()

        yield "nor when others take and acknowledge meanwhile"
        again = partial(fill, key, "third", taken=("first", "second"))
        again()

        def goes_on() -> Any:
            backend = my_reliable(connection, key, in_flight)
            backend.task_done(jobs[0])
            return got(backend)

        for _ in held(gate, lambda given: my_reliable(given, key, in_flight).task_done(second), goes_on):
            if there(in_flight) != ["third"]:
                look = "what may happen between looking and removing?"
                raise Wrong("['third'] in flight, which another has taken", f"{there(in_flight)}", look)
            again()
