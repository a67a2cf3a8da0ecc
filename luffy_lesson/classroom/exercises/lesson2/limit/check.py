"""The check of exercise 2 of lesson 2."""

import itertools
import random
import sys
import threading
import time
import types
from collections.abc import Sized
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import AT_ONCE, QUIET, SOON, until

JOBS = 8
"""How many jobs one caller has."""

CALLERS = 12
"""How many calls come after the first ones, most of them at once."""

TOGETHER = 0.1
"""How long a thread's start is held back for others, in seconds."""

HURRY = 200
"""How many times sooner a wait with a timeout ends. One of a minute is over within `QUIET`."""


class Jobs:
    """Jobs that wait until each is told to end, of two workers, called from a thread of the check's own."""

    def __init__(self, polite: Any) -> None:
        """Make the workers, of a learner's class."""
        jobs = self

        class Wait(polite):  # type: ignore[misc]
            @classmethod
            def perform_now(cls, *args: Any) -> Any:
                jobs.through.append(args)
                return super().perform_now(*args)

            def perform(self, number: int) -> None:
                jobs.begun[number] = threading.current_thread()
                jobs.most = max(jobs.most, len(jobs.at_work()))
                jobs.go[number].wait(2 * SOON * HURRY)
                jobs.done.append(number)

        class Other(Wait):
            pass

        self.workers = (Wait, Other)
        self.through: list[Any] = []  # what came to `perform_now`
        self.begun: dict[int, threading.Thread] = {}  # in which each was
        self.done: list[int] = []
        self.called: dict[int, Any] = {}  # what each call returned
        self.took: list[float] = []  # how long each call did
        self.refused: list[Exception] = []  # what calls raised, but for the first five
        self.most = 0  # jobs in hand
        self.go = [threading.Event() for _ in range(CALLERS)]

    def call(self, number: int) -> None:
        """Call for a job."""
        began = time.monotonic()
        try:
            self.called[number] = self.workers[number % 2].perform_async(number)
        except Exception as error:
            if len(self.called) < 5:
                raise
            self.refused.append(error)
        self.took.append(time.monotonic() - began)

    def call_all(self) -> None:
        """Call for one job after another."""
        for number in range(JOBS):
            self.call(number)

    def at_work(self) -> list[int]:
        """Return which jobs are begun, and not done."""
        return [number for number in list(self.begun) if number not in self.done]


@exercise(number=2, answer="Polite")
def limit(polite: Any) -> Steps:
    """A `perform_async` that has at most five threads: the sixth caller waits until one has ended."""
    cases = draw("limit")
    hurry()
    jobs = Jobs(polite)

    class Ends(polite):  # type: ignore[misc]
        def perform(self, error: BaseException | None) -> None:
            if error:
                raise error

    yield "lets five work at the same time"
    others = set(threading.enumerate())
    caller = threading.Thread(target=jobs.call_all, name="the check's caller")
    caller.start()
    if not grows(jobs.begun, 5, SOON / 2):
        raise Wrong(
            "5 jobs in hand", number_at_work(jobs), "does the call wait for its own job? How many places are there?"
        )

    yield "no sixth job is begun meanwhile"
    look = "is a place given back before the job is over? Do all workers share the five?"
    if grows(jobs.begun, 6, QUIET):
        raise Wrong("5 jobs in hand", number_at_work(jobs), look)
    yield Saw("5 in hand")

    yield "the sixth caller waits"
    if jobs.refused:
        raise Wrong("a caller that waits", f"{jobs.refused[0]!r}", "what is done when there is no place?")
    if len(jobs.called) > 5:
        seen = f"{len(jobs.called)} that did"
        raise Wrong("5 calls that returned", seen, "is the place taken by the caller, or in the thread?")

    yield "there are five threads"
    if len(threads := set(threading.enumerate()) - others - {caller}) > 5:
        raise Wrong(
            "5 threads", f"{len(threads)} of them", "which thread is there before it has a place, or beside one?"
        )

    yield "returns the threads"
    if not all(isinstance(thread, threading.Thread) for thread in jobs.called.values()):
        raise Wrong("a thread from each call", f"{jobs.called[0]!r}", "what does `perform_async` return?")
    if any(thread is not jobs.begun.get(number) for number, thread in jobs.called.items()):
        raise Wrong("the thread that does the job", "another one", "how many threads are there for a job?")
    if any(thread.daemon for thread in jobs.called.values()):
        raise Wrong("a thread for which a script waits before it ends", "a daemon thread", "`daemon=`")
    if min(jobs.took) > AT_ONCE:
        raise Wrong("five calls that return at once", f"{min(jobs.took):.2f} s each", "for what does the caller wait?")

    yield "the jobs go through `perform_now`"
    if sorted(jobs.through) != [(number,) for number in range(5)]:
        raise Wrong(
            "5 calls of `perform_now`, with 0 to 4",
            f"{sorted(jobs.through)}",
            "is it `cls.perform_now`? `super()` leaves out what a subclass adds",
        )

    yield "a job that ends lets the next one begin"
    late = []
    for begun, ends in enumerate([4, cases.choice([1, 2, 3]), 0], 6):  # nobody knows which one ends first
        told = time.monotonic()
        jobs.go[ends].set()
        if not grows(jobs.begun, begun, SOON / 2):
            raise Wrong("one more job to begin when one has ended", "none", "who gives the place back?")
        late.append(time.monotonic() - told)
        if not grows(jobs.called, begun):
            raise Wrong("the call to return when it has a place", "it still waits", "for what does the caller wait?")
        if grows(jobs.begun, begun + 1, QUIET / 3):
            seen = f"{len(jobs.begun) - begun + 1} more"
            raise Wrong("one more job for one that has ended", seen, "how often is a place given back?")
    if min(late[1:]) > 5 * AT_ONCE:
        raise Wrong("the next job to begin at once", f"{min(late[1:]):.1f} s later", "what tells the caller?")

    yield "all jobs are done in the end"
    for event in jobs.go:
        event.set()
    caller.join(SOON / 2)
    if not grows(jobs.done, JOBS):
        raise Wrong(f"{JOBS} jobs done", f"{len(jobs.done)} of them", "how many places have come back?")
    yield Saw(f"{JOBS} of {JOBS}")

    yield "a job that fails gives its place back"
    jobs = Jobs(polite)
    ended = threading.Event()

    def call_failing() -> None:
        for number in range(4):  # they hold the other places
            jobs.call(number)
        kinds: list[type[BaseException]] = [Planned, SystemExit]
        for kind in kinds * 6:
            Ends.perform_async(kind())
        Ends.perform_async(None).join(SOON)
        ended.set()
        for number in range(4, 6):
            jobs.call(number)

    caller = threading.Thread(target=call_failing, name="the check's caller")
    caller.start()
    if not until(ended.is_set, SOON / 2):
        raise Wrong("a good job to begin after failed ones", "it still waits for a place", "`finally`: `sys.exit`, too")
    if grows(jobs.begun, 6, QUIET / 2):
        raise Wrong("5 jobs in hand", number_at_work(jobs), "how many places come back when a job fails?")
    for event in jobs.go:
        event.set()
    if not grows(jobs.done, 6):
        raise Wrong("6 jobs done", f"{len(jobs.done)} of them", "how many places come back when a job fails?")

    yield "five at most, when several call at once"
    slow_motion(cases)
    start_together(6)
    jobs = Jobs(polite)
    together = threading.Barrier(CALLERS)

    def call(number: int) -> None:
        together.wait(SOON * HURRY)
        jobs.call(number)

    for number in range(CALLERS):
        threading.Thread(target=call, args=(number,), name="the check's caller").start()
    look = "what may another caller do in between?"
    if not grows(jobs.begun, 5):
        raise Wrong(
            "5 jobs in hand", number_at_work(jobs), "is every place given back? Who wakes up a caller that waits?"
        )
    if grows(jobs.begun, 6, QUIET):
        raise Wrong(f"5 jobs in hand when {CALLERS} call at once", number_at_work(jobs), look)

    yield "five that end at once give five places back"
    for before, more in (5, 5), (10, CALLERS - 10):
        for number in jobs.at_work():
            jobs.go[number].set()
        if not grows(jobs.begun, before + more):
            seen = f"{len(jobs.begun) - before or 'none'}"
            raise Wrong(f"{more} more to begin", seen, "what may another do at the moment when a place is given back?")
    for event in jobs.go:
        event.set()
    if not grows(jobs.done, CALLERS):
        raise Wrong(f"{CALLERS} jobs done", f"{len(jobs.done)} of them", "who wakes up a caller that waits?")
    if jobs.most > 5:
        raise Wrong("5 jobs in hand", f"{jobs.most} for a moment", look)


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


def start_together(many: int) -> None:
    """Let the next who start a thread do it when so many want to, or none has come for a while: each looked before."""
    start, number, all_there = threading.Thread.start, itertools.count(1), threading.Event()

    def start_later(thread: threading.Thread) -> None:
        if not thread.name.startswith("the check's"):
            if next(number) == many:
                all_there.set()
            all_there.wait(TOGETHER * HURRY)
            all_there.set()  # once is enough
        start(thread)

    threading.Thread.start = start_later  # type: ignore[method-assign, assignment]


def number_at_work(jobs: Jobs) -> str:
    """Return how many jobs are in hand, for a learner."""
    return f"{len(jobs.at_work()) or 'none'} in hand"


def grows(things: Sized, size: int, seconds: float = SOON) -> bool:
    """Wait so many seconds until there are as many things. Return whether there are."""
    return until(lambda: len(things) >= size, seconds)


def hurry() -> None:
    """Let a wait with a timeout end `HURRY` times sooner, in this process only: a caller must not give up waiting."""
    wait = threading.Condition.wait
    threading.Condition.wait = lambda self, timeout=None: wait(self, timeout and timeout / HURRY)  # type: ignore
    threading._time = lambda: time.monotonic() * HURRY  # type: ignore[attr-defined]
