"""The check of exercise 3 of lesson 11."""

import math
import os
import signal
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Process
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong, counted
from luffy_lesson.classroom.check.waiting import SOON
from luffy_lesson.classroom.experiments.small_engine import Errand, Tray
from luffy_lesson.step10_process import Delivery, Job, Worker, middleware

LEASE = 90
"""In seconds."""

PAUSES = (0.5, 2, 60)
"""In seconds."""

ARGUMENTS: list[tuple[Any, ...]] = [
    (),
    (3,),
    ("",),
    (None,),
    (False, 0, 0.5),
    ([[], {}],),
    ({"a": [{"b": "naïve ✓"}]},),
]
ARGUMENTS += [("it's", '"%s" {0}'), (10**30, -1e-9), ("two\nlines", " spaces ")]

REFUSED: list[Any] = [(3,), {3}, b"3", {3: "a"}, math.nan, math.inf, object(), [(3,)]]
"""What JSON loses, or changes."""


class Notes:
    """What was performed: in a file, which all processes see."""

    def __init__(self) -> None:
        self.path = Path("notes").absolute()

    def add(self, *what: Any) -> None:
        """Write a line."""
        with self.path.open("a") as file:
            file.write(f"{what!r}\n")

    def __call__(self) -> list[str]:
        """Return the lines, and forget them."""
        found = self.path.read_text().splitlines() if self.path.exists() else []
        self.path.unlink(missing_ok=True)
        return found

    def expect(self, wanted: list[Any], look: str, when: str = "") -> None:
        """Raise `Wrong` unless that was performed since somebody asked last."""
        if (found := self()) != [repr(what) for what in wanted]:
            shown = [", ".join(things) or "none" for things in (map(repr, wanted), found)]
            raise Wrong(f"jobs with these arguments performed{when}: {shown[0]}", shown[1], look)


def workers(note: Callable[..., None]) -> SimpleNamespace:
    """Make the workers of this check: in its own process only, for the registry is everybody's."""

    class Note(Worker):
        """Notes its arguments."""

        retries = 0

        def perform(self, *args: Any) -> None:
            """Note them."""
            note(*args)

    class Fail(Note):
        """Fails each time."""

        retries = len(PAUSES)

        @staticmethod
        def backoff(tries: int) -> float:
            """Return one pause after the other."""
            return PAUSES[tries]

        def perform(self, *args: Any) -> None:
            """Note them, and fail."""
            note(*args)
            raise Planned

    class Exit(Note):
        """Would end its process."""

        def perform(self, *args: Any) -> None:
            """Note them, and exit."""
            note(*args)
            raise SystemExit(3)

    class Die(Note):
        """Ends its process, the first time."""

        def perform(self, *args: Any) -> None:
            """Note them, and be killed."""
            note(*args)
            if not os.path.exists("died"):
                Path("died").touch()
                os.kill(os.getpid(), signal.SIGKILL)

    class Other(Note):
        """Lets another process look for work meanwhile."""

        elsewhere: Callable[[], Any]

        def perform(self, *args: Any) -> None:
            """Note them, and wait for the other."""
            note(*args)
            Process(Other.elsewhere).result()

    return SimpleNamespace(Note=Note, Fail=Fail, Exit=Exit, Die=Die, Other=Other)


class Trays:
    """All trays of this process, and of its forks: their clock can be put on, and they tell what happens."""

    def __init__(self) -> None:
        trays: Any = Tray
        clock, add, run, connect = trays.clock, trays.add, trays.run, sqlite3.connect
        self.ahead, self.added, self.raised = 0, list[int](), list[Exception]()

        def quick(*args: Any, **options: Any) -> Any:
            connection = connect(*args, **options)
            connection.execute("PRAGMA synchronous = OFF")  # nobody waits for the disk
            return connection

        def counts(tray: Tray, *errands: Errand) -> None:
            self.added.append(len(errands))
            add(tray, *errands)

        def runs(tray: Tray, handler: Callable[[Errand], object], *args: Any, **options: Any) -> None:
            def handles(errand: Errand) -> None:
                try:
                    handler(errand)
                except Exception as error:
                    self.raised.append(error)
                    raise

            run(tray, handles, *args, **options)

        vars(sqlite3)["connect"] = quick
        trays.run = runs
        trays.clock = lambda tray: clock(tray) + self.ahead
        trays.add = counts

    def wait(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.ahead += round(seconds * 1000)


@exercise(number=3, answer="SmallBackend")
def small_backend(small_backend: Any) -> Steps:
    """An adapter: the workers of the course on an engine that is new to them."""
    cases, notes, trays = draw("small_backend"), Notes(), Trays()
    of = workers(notes.add)
    paths = (os.path.abspath(f"tray{number}.db") for number in count())

    def fresh() -> tuple[Any, Tray]:
        """Return a backend on a new tray, and that tray."""
        path = next(paths)
        return small_backend(path, LEASE), Tray(path)

    backend, tray = fresh()

    yield "a job that is put is performed, and then it is gone"
    backend.put(Job(of.Note, (3, "a")))
    backend.work()
    if trays.raised:
        raise trays.raised[0]
    notes.expect([(3, "a")], "what does `run` call, and with what?")
    backend.work()
    notes.expect([], "who takes it out of the tray?", " at the second `work()`")
    if left := tray.look():
        raise Wrong("an empty tray", f"{left}", "who takes it out of the tray?")

    yield "in another process, with its arguments as they were"
    jobs = cases.sample(ARGUMENTS, len(ARGUMENTS))
    for args in jobs:
        backend.put(Job(of.Note, args))
    kinds = {errand.kind for errand in tray.look()}
    Process(lambda: small_backend(tray.path, LEASE).work()).result()
    notes.expect(jobs, "how do the arguments become a text, and the text arguments?")
    if kinds != {"Note"}:
        raise Wrong("the errands to be of the kind 'Note'", f"{sorted(kinds)}", "which name does the registry know?")

    yield "refuses arguments that JSON loses or changes"
    for thing in cases.sample(REFUSED, len(REFUSED)):
        _refuses(lambda thing=thing: backend.put(Job(of.Note, (thing,))), tray, thing)  # type: ignore[misc]
        _refuses(lambda thing=thing: backend.schedule(Job(of.Note, (thing,)), 0), tray, thing)  # type: ignore[misc]

    yield "takes many jobs at once: all, or none when one cannot travel"
    some = [Job(of.Note, (number,)) for number in range(cases.randint(5, 30))]
    for thing in REFUSED[:2]:
        bad = [*some, Job(of.Note, (thing,)), *some]
        _refuses(lambda bad=bad: backend.put_bulk(iter(bad)), tray, thing)  # type: ignore[misc]
    trays.added.clear()
    backend.put_bulk(iter(some))
    if trays.added != [len(some)]:
        seen = f"{counted(len(trays.added), 'call')}, of {counted(sum(trays.added), 'errand')}"
        raise Wrong(
            f"one call of `add`, of {len(some)} errands",
            seen,
            "a kill between two calls would leave a part, and an iterator can be read once",
        )
    backend.put_bulk([])
    backend.work()
    notes.expect([job.args for job in some], "which jobs are in the iterator?")

    yield "performs it when it is due, and not before"
    backend, tray = fresh()
    now = tray.clock() / 1000
    due = math.floor(now) + 100.0004  # too early, whether the rest is cut off or rounded
    backend.schedule(Job(of.Note, ("later",)), due)
    backend.schedule(Job(of.Note, ("soon",)), now - 10)
    if not 0 <= (late := tray.look()[0].not_before / 1000 - due) < 0.002:
        seen = f"{abs(late):,.4f} s {'earlier' if late < 0 else 'later'}"
        raise Wrong(f"it not before {due:.4f}, and no later", seen, "the tray counts whole milliseconds, since 1970")
    backend.work()
    trays.wait(80)
    backend.work()
    notes.expect([("soon",)], "what is `not_before`?", " 80 s later")
    trays.wait(31)
    backend.work()
    notes.expect([("later",)], "what is `not_before`?", " 111 s later")

    yield "`now` is the time of the tray, in seconds"
    trays.wait(3600)
    trays.ahead += (500 - tray.clock()) % 1000  # far from a whole second
    before, now, after = tray.clock() / 1000, backend.now(), tray.clock() / 1000
    if not before - 0.001 <= now <= after + 0.001:
        seen = f"a time that is {now - before:,.3f} s off"
        raise Wrong("the time by the tray's clock, in seconds", seen, "whose clock, and in which unit?")

    yield "`qsize` tells how many wait now"
    backend.put_bulk(some[:3])
    backend.schedule(some[0], tray.clock() / 1000 + 10)
    if (size := backend.qsize()) != 3:
        seen = f"a `qsize()` of {size!r}"
        raise Wrong("3, with another one that is not due yet", seen, "which errands wait?")
    of.Other.elsewhere = lambda: notes.add(backend.qsize())
    backend, tray = fresh()
    backend.put(Job(of.Other, ("in hand",)))
    backend.put(Job(of.Note, ("waits",)))
    backend.work()
    notes.expect([("in hand",), (1,), ("waits",)], "`qsize` was asked in the middle. Which errands wait?")

    yield "tells the tray after which pauses to try again"
    backend.put(Job(of.Note, ()))
    backend.put(Job(of.Fail, ()))
    backend.put_bulk([Job(of.Fail, ()), Job(of.Note, ()), Job(of.Fail, ())])
    backend.schedule(Job(of.Fail, ()), 0)
    pauses = [tuple(errand.pauses) for errand in tray.look()]
    those = tuple(round(1000 * pause) for pause in PAUSES)
    wanted = [(), those, those, (), those, those]
    if pauses != wanted:
        one, other = next((one, other) for one, other in zip(pauses, wanted, strict=True) if one != other)
        look = "one for each of `retries`, from `backoff(0)` on, in milliseconds"
        raise Wrong(f"the pauses {other}", f"{one}", look)

    yield "one that fails is tried again, and then dead"
    backend, tray = fresh()
    backend.put(Job(of.Fail, ("fails",)))
    backend.put(Job(of.Note, ("another",)))
    for seconds in (0, *PAUSES):
        trays.wait(seconds + 0.5)
        backend.work()
    notes.expect([("fails",), ("another",), *[("fails",)] * 3], "what hears `run` of the error?")
    if (dead := tray.count("dead")) != 1:
        raise Wrong("it among the dead", f"{dead} dead", "what hears `run` of the error?")

    if size := backend.qsize():
        raise Wrong("a `qsize()` of 0, with one that is dead", f"one of {size!r}", "which errands wait?")

    yield "so is one that calls `sys.exit`"
    backend.put(Job(of.Exit, ("exits",)))
    backend.put(Job(of.Note, ("another",)))
    try:
        backend.work()
    except SystemExit:
        raise Wrong("the next job to be performed", "the end of the process", "`self.perform` sees to it") from None
    notes.expect([("exits",), ("another",)], "what becomes of a `SystemExit`?")
    if (dead := tray.count("dead")) != 2:
        raise Wrong("it among the dead", f"{dead - 1} dead", "what hears `run` of it?")

    yield "performs registered workers, and nothing else"
    backend.put(Job(of.Note, ("registered",)))
    (*_, errand) = tray.look()
    kinds_of_others = ["", "note", "Note ", "NoSuchWorker", "Notes", "print", f"{__name__}.Notes", "object", "Worker"]
    others = cases.sample(kinds_of_others, len(kinds_of_others))
    for kind in others:
        tray.add(Errand(kind, errand.details))
    backend.work()
    notes.expect([("registered",)], "who looks up the name?")
    if (dead := tray.count("dead") - 2) != len(others):
        seen = f"{dead} of {len(others)} dead"
        raise Wrong("an errand that names no worker to fail", seen, "which error does the tray hear of?")

    yield "with the middleware around it"
    seen_by = list[str]()

    def around(job: Delivery, perform: Callable[..., Any]) -> Any:
        seen_by.append(job.worker.__name__)
        return perform()

    middleware.append(around)
    backend.put(Job(of.Note, ()))
    backend.work()
    middleware.remove(around)
    if seen_by != ["Note"] or notes() != ["()"]:
        raise Wrong("the middleware to see the job", f"{seen_by or 'nothing'}", "`self.perform(name, args)`")

    yield "whoever is killed in the middle of a job has not lost it"
    backend, tray = fresh()
    backend.put(Job(of.Die, ("dies once",)))
    Process(lambda: small_backend(tray.path, LEASE).work()).result(SOON)
    trays.wait(LEASE + 1)
    backend.work()
    notes.expect([("dies once",)] * 2, "when is it out of the tray: before its handler is called, or after?")
    if left := tray.look():
        raise Wrong("an empty tray", f"{left}", "who takes it out of the tray?")

    yield "and what is in hand, nobody else is given before the lease is over"
    backend.put(Job(of.Other, ("in hand",)))

    def elsewhere() -> None:
        of.Other.elsewhere = lambda: None
        for seconds in (0, LEASE - 1):
            trays.wait(seconds)
            small_backend(tray.path, LEASE).work()

    of.Other.elsewhere = elsewhere
    backend.work()
    notes.expect(
        [("in hand",)], f"the lease was {LEASE} s, and another looked after {LEASE - 1} s. In which unit is it?"
    )

    yield "what a tray cannot do raises a sentence"
    for call, name in ((backend.get, "get"), (backend.task_done, "task_done"), (backend.join, "join")):
        try:
            answer = repr(call())
        except NotImplementedError as error:
            if len(str(error).split()) > 2:
                continue
            answer = repr(error)
        except Exception as error:
            answer = repr(error)
        raise Wrong(f"NotImplementedError, with a sentence, from `{name}()`", answer, "`EngineBackend` has one")


def _refuses(call: Callable[[], Any], tray: Tray, thing: Any) -> None:
    """Raise `Wrong` unless a call raises TypeError, and leaves the tray empty."""
    try:
        seen = f"{call()!r}"
    except TypeError:
        if not (left := tray.look()):
            return
        seen = f"it, and {counted(len(left), 'errand')}"
    except Exception as error:
        seen = repr(error)
    raise Wrong(f"TypeError for {thing!r}, and no errand", seen, "`self.check(job)`, and of all jobs before the first")
