"""The check of exercise 2 of lesson 10."""

import random
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, PlannedEnd, Saw, Steps, Wrong, counted
from luffy_lesson.classroom.check.waiting import SOON, until

MANY = 12
"""How many jobs come at the same moment."""


class Job(NamedTuple):
    """A job of the check, as a middleware sees it."""

    worker: Any
    args: tuple[Any, ...]
    fields: dict[str, Any]
    id: str = "0123456789abcdef01234567"


def new_worker(name: str = "Mail") -> Any:
    """Return a worker that notes what is put back: the seconds and the arguments."""

    class Worker:
        later: list[Any] = []

        @classmethod
        def perform_in(cls, seconds: float, *args: Any) -> int:
            cls.later.append((seconds, args))
            return len(cls.later)

    Worker.__name__ = name
    return Worker


def job(worker: Any, *args: Any) -> Job:
    """Return a job of a worker."""
    return Job(worker, args, {})


class Held:
    """Jobs in threads of the check's own that are in hand until they are told to end."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.returned: list[Any] = []
        self.go = threading.Event()
        self.threads: list[threading.Thread] = []

    def begin(self, limit: Callable[..., Any], *jobs: Job) -> None:
        """Let each job come, in a thread of its own."""
        together = threading.Barrier(len(jobs))

        def come(one: Job) -> None:
            together.wait(SOON)
            self.returned.append(limit(one, lambda *_: self.perform(one)))

        new = [threading.Thread(target=come, args=[one], name="the check's own") for one in jobs]
        self.threads += new
        for thread in new:
            thread.start()

    def perform(self, one: Job) -> None:
        """Be in hand."""
        self.begun.append(one)
        self.go.wait(SOON)

    def settled(self, worker: Any, many: int) -> Callable[[], bool]:
        """Return what tells whether so many jobs are in hand, or put back."""
        return lambda: len(self.begun) + len(worker.later) >= many

    def end(self) -> None:
        """Let all jobs end."""
        self.go.set()
        for thread in self.threads:
            thread.join(SOON)


@exercise(number=2, answer="AtMost")
def at_most(at_most: Any) -> Steps:
    """A middleware that performs at most so many jobs of a worker at once, and puts back the others."""
    cases = draw("at_most")

    yield "returns what the job returns"
    mail, limit = new_worker(), at_most(2)
    for thing in things(cases):
        calls: list[Any] = []
        given = job(mail, 1)
        answer = limit(given, lambda *args, thing=thing, calls=calls: calls.append(args) or thing)
        if answer is not thing:
            raise Wrong(f"`{thing!r}`, what `perform` returned", f"`{answer!r}`", "what does it return?")
        if calls not in ([()], [(given,)]):
            seen = counted(len(calls), "call") if len(calls) != 1 else f"`perform{calls[0]}`"
            raise Wrong("one call, `perform()`", seen, "how often, and with what, is it called?")
    if mail.later:
        raise Wrong("nothing put back: one at a time has a place", f"{mail.later}", "who gives the place back?")

    yield "lets out what the job raises"
    limits = []
    for error in (Planned("a failure"), PlannedEnd("an end"), KeyboardInterrupt(), SystemExit(1)):
        limits.append(limit := at_most(2))
        for _ in range(2):
            try:
                answer = limit(job(mail, 1), lambda *_, error=error: fail(error))
            except BaseException as raised:
                if raised is not error:
                    raise
            else:
                raise Wrong(f"{error!r} to be raised", f"`{answer!r}` to be returned", "what does it catch?")

    yield "a job that has raised gives its place back"
    for limit in limits:
        limit(job(mail, 1), lambda *_: None)
    if mail.later:
        raise Wrong(
            "a place after each that raised", f"{len(mail.later)} put back", "what is done in any case: `finally`?"
        )

    yield "as many as there are places are in hand at once"
    most = cases.randint(3, 5)
    held, mail, limit = Held(), new_worker(), at_most(most)
    held.begin(limit, *[job(mail, number) for number in range(most)])
    if not until(lambda: len(held.begun) == most or mail.later, SOON / 2):
        seen = f"{len(held.begun)} in hand"
        raise Wrong(f"{most} jobs in hand with {most} places", seen, "is a lock held while a job is performed?")
    if mail.later:
        raise Wrong(
            f"{most} jobs in hand with {most} places", f"{counted(len(mail.later), 'job')} put back", "`<`, `<=`?"
        )

    yield "the next one is not performed, and nobody waits"
    began = time.monotonic()
    over = threading.Event()

    def come() -> None:
        held.returned.append(limit(job(mail, "next", [7]), lambda *_: held.begun.append("next")))
        over.set()

    held.threads.append(threading.Thread(target=come, name="the check's own"))
    held.threads[-1].start()
    if not over.wait(0.5):
        held.end()
        raise Wrong("an answer at once when there is no place", "a wait", "`acquire(blocking=False)`, or a count")
    if "next" in held.begun:
        raise Wrong("no more than the places", "one more is performed", "who takes a place, and when?")
    if time.monotonic() - began > 0.45:
        raise Wrong("an answer at once when there is no place", "a wait", "for what does it wait?")

    yield "it is put back, to come again a second later"
    if mail.later != [(1, ("next", [7]))]:
        look = "`job.worker.perform_in(1, *job.args)`"
        raise Wrong("`perform_in(1, 'next', [7])`, once", f"{mail.later or 'no call'}", look)
    if held.returned != [None]:
        raise Wrong("None, for what was not performed", f"`{held.returned[0]!r}`", "what does it return then?")

    yield "each worker has places of its own"
    other = new_worker("Film")
    limit(job(other, 1), lambda *_: held.begun.append("film"))
    if "film" not in held.begun or other.later:
        raise Wrong("a job of another worker to be performed", "that it is put back", "whose places are counted?")

    yield "each limit has places of its own"
    another = at_most(1)
    another(job(mail, 1), lambda *_: held.begun.append("another"))
    if "another" not in held.begun:
        raise Wrong("`AtMost(1)`, made beside the other, to have a place", "none", "on the class, or on `self`?")

    yield "a job that ends gives one place back"
    held.end()
    for _ in range(2):  # what was put back has given nothing back
        held, mail.later[:] = Held(), []
        held.begin(limit, *[job(mail, number) for number in range(most + 2)])
        until(held.settled(mail, most + 2))
        begun, later = len(held.begun), len(mail.later)
        held.end()
        if (begun, later) != (most, 2):
            wanted = f"{most} of {most + 2} in hand again, and 2 put back"
            look = "who gives a place back, and how often?"
            raise Wrong(wanted, f"{begun} in hand, and {later} put back", look)

    yield "a job that cannot be put back takes no place"
    broken, limit = new_worker(), at_most(1)
    broken.perform_in = lambda *_: fail(Planned("the server is away"))
    held = Held()
    held.begin(limit, job(broken, 1))
    until(lambda: held.begun)
    try:
        limit(job(broken, 2), lambda *_: None)
    except Planned:
        pass
    else:
        raise Wrong("the error of `perform_in`, so that the job is tried again", "none", "what does it catch?")
    held.end()
    performed: list[int] = []
    broken.perform_in = lambda *_: 0
    limit(job(broken, 3), lambda *_: performed.append(3))
    if performed != [3]:
        raise Wrong("a place once the first has ended", "none", "what is counted when nothing is performed?")

    yield "no more than the places when many come at once"
    for most in (1, 1, 1, 4):
        mail, limit, held = new_worker(), at_most(most), Held()
        slow_motion(cases)
        held.begin(limit, *[job(mail, number) for number in range(MANY)])
        until(held.settled(mail, MANY))
        threading.settrace(None)
        begun, later = len(held.begun), len(mail.later)
        held.end()
        if begun != most or later != MANY - most:
            wanted = f"{most} of {MANY} in hand, and {MANY - most} put back"
            look = "what may another thread do between two of your lines? Also when a worker comes for the first time?"
            raise Wrong(wanted, f"{begun} in hand, and {later} put back", look)
    yield Saw(f"{MANY} at once, four times")

    yield "all places are free again in the end"
    for _ in range(2):
        mail, limit, held = new_worker(), at_most(6), Held()
        slow_motion(cases)
        held.begin(limit, *[job(mail, number) for number in range(6)])
        until(held.settled(mail, 6))
        threading.settrace(None)
        held.end()  # all of them at the same moment
        held = Held()
        held.begin(limit, *[job(mail, number) for number in range(6)])
        until(held.settled(mail, 6))
        held.end()
        if mail.later:
            look = "what may another thread do at the moment when a place is given back?"
            raise Wrong("6 places, after 6 jobs that ended at once", f"{6 - len(mail.later)}", look)


def fail(error: BaseException) -> None:
    """Be a job that fails."""
    raise error


def slow_motion(cases: random.Random) -> None:
    """Let each thread that begins from now on rest at each step of the answer's code, so that others come between."""

    def trace(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame.f_globals.get("__name__") != "__main__":
            return None
        frame.f_trace_opcodes = sys.version_info[:2] != (3, 12)  # there, within a line, it may crash
        if event in ("line", "opcode"):
            time.sleep(cases.choice([0, 1e-5, 1e-4]) * (10 if event == "line" else 1))
        return trace

    threading.settrace(trace)
