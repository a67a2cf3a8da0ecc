"""The check of exercise 3 of lesson 1."""

import datetime
import inspect
import time
from decimal import Decimal
from itertools import count
from numbers import Real
from typing import Any, Self

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong

SLACK = 0.006
"""By how much a time may be wrong, in seconds: it may be rounded to hundredths."""


@exercise(number=3, answer="Timed")
def timed(timed: Any) -> Steps:
    """A feature: how long each job took, in seconds, also when it raised."""
    cases = draw("timed")
    done: list[Any] = []
    took: list[float] = []  # within the jobs

    class Job(timed):  # type: ignore[misc]
        def perform(self, thing: Any = None, seconds: float = 0, inner: float = 0) -> Any:
            begin = time.monotonic()
            done.append(thing)
            time.sleep(seconds)
            if inner:
                Job.perform_now(thing, inner)
            took.append(time.monotonic() - begin)
            if isinstance(thing, Planned | KeyboardInterrupt | SystemExit):
                raise thing
            return thing

    def noted(times: int, before: list[Any]) -> list[Any]:
        """Return the times that were noted since `before`."""
        if not isinstance(Job.times, list):
            raise Wrong("a list in `times`", f"{Job.times!r}", "what is `times` now?")
        if Job.times[: len(before)] != before:
            raise Wrong(
                f"{len(before)} earlier times, unchanged, in front",
                f"{[round(float(each), 3) for each in Job.times]}",
                "`append`, and nothing else?",
            )
        new = Job.times[len(before) :]
        if len(new) != times:
            raise Wrong(f"{times} more in `times`", f"{len(new)}", "what is appended, when, and to which list?")
        return new

    def compare(seconds: float, inner: float = 0, thing: Any = "done") -> tuple[Any, object]:
        """Perform a job of so many seconds. Return its time, compared with what it took, and what came of it."""
        before, begin = [*Job.times], time.monotonic()
        took.clear()
        try:
            outcome: object = f"{Job.perform_now(thing, seconds, inner)!r}, returned"
        except BaseException as error:
            outcome = error
        longest = time.monotonic() - begin
        new = noted(len(took), before)
        for time_noted, shortest in zip(sorted(new) if inner else new, took, strict=True):
            if not isinstance(time_noted, Real | Decimal) or not shortest - SLACK < float(time_noted) < longest + SLACK:
                look = "when is the clock read, and which is taken from which? Who else sees the begin?"
                raise Wrong(f"about {shortest:.2f} s", f"{time_noted!r}", look)
        return new[-1], outcome

    yield "returns what the job returns"
    result = Job.perform_now("done")  # the list may hold others, of the learner's own jobs: count from here
    if result != "done":
        raise Wrong("'done', what the job has returned", f"{result!r}", "is there a `return`?")
    for thing in things(cases):
        done.clear()
        if (result := Job.perform_now(thing)) is not thing:
            raise Wrong(f"{thing!r}, what the job has returned", f"{result!r}", "what is returned?")
        if len(done) != 1:
            raise Wrong("the job to be done once", f"{len(done)} times", "how often is it called?")

    yield "notes one time for a job"
    for number in range(30):
        before = [*Job.times]
        Job.perform_now(number)
        noted(1, before)

    yield "the time is that of the job, in seconds"
    for _ in range(3):
        time_noted, _ = compare(cases.uniform(0.03, 0.12))
    yield Saw(f"{float(time_noted):.2f} s")

    yield "notes a job that raises, too"
    errors = [Planned("this job fails"), KeyboardInterrupt(), SystemExit()]
    outcomes = [compare(0.03, thing=error)[1] for error in errors]

    yield "lets its exception through to the caller"
    for error, outcome in zip(errors, outcomes, strict=True):
        if outcome is not error:
            raise Wrong(f"{error!r} to be raised", f"{outcome}", "an `except`, or a `return` in the `finally`?")

    yield "is right when a job calls another one"
    compare(0.03, inner=0.05)

    yield "is right when somebody sets the clock back"
    set_back(timed)
    compare(0.05)


def set_back(answer: Any) -> None:
    """Let the clock on the wall be set back by an hour before each look, in this process only, for a class."""
    hours = count(0, 3600.7)

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return super().now(tz) - datetime.timedelta(seconds=next(hours))

        utcnow = today = now

    real, real_ns = time.clock_gettime, time.clock_gettime_ns
    wall = time.CLOCK_REALTIME
    moved: dict[Any, Any] = {
        time.time: lambda: real(wall) - next(hours),
        time.time_ns: lambda: real_ns(wall) - next(hours) * 1e9,
        time.clock_gettime: lambda clock: real(clock) - (next(hours) if clock == wall else 0),
        time.clock_gettime_ns: lambda clock: real_ns(clock) - (next(hours) * 1e9 if clock == wall else 0),
        datetime.datetime: Moved,
    }
    cell = getattr(inspect.unwrap(answer.perform_now), "__globals__", {})
    for place in (vars(time), vars(datetime), cell):
        place.update({name: moved[thing] for name, thing in place.items() if thing.__hash__ and thing in moved})
    for name, thing in [*vars(answer).items()]:
        if thing.__hash__ and thing in moved:
            setattr(answer, name, staticmethod(moved[thing]))
