"""The check of exercise 3 of lesson 1."""

import time
from decimal import Decimal
from numbers import Real
from typing import Any

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import clock_set

SLACK = 0.006
"""By how much a time may be wrong, in seconds: it may be rounded to hundredths."""

MANY = 1200
"""How many jobs are more than anybody would keep the times of."""


@exercise(number=3, answer="Timed")
def timed(timed: Any) -> Steps:
    """A feature: how long each job took, in seconds, also when it raised."""
    cases = draw("timed")
    done: list[Any] = []
    took: list[float] = []  # within the jobs
    beside: list[tuple[float, float]] = []  # of each call: what is noted, and what the caller waits, beside the job

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

    class Other(timed):  # type: ignore[misc]
        def perform(self) -> None:
            pass

    def noted(times: int, before: list[Any]) -> list[Any]:
        """Return the times that were noted since `before`."""
        if not isinstance(Job.times, list):
            raise Wrong("a list in `times`", f"{Job.times!r}", "what is `times` now?")
        if Job.times[: len(before)] != before:
            raise Wrong(
                f"{len(before)} earlier {'time' if len(before) == 1 else 'times'} to stay, in front",
                f"{len(Job.times)} in the list, and others in front",
                "`append`, and nothing else?",
            )
        new = Job.times[len(before) :]
        if len(new) != times:
            seen = f"{len(new)} more" if new else "none"
            raise Wrong(f"{times} more in `times`", seen, "what is appended, when, and to which list?")
        return new

    look = "when is the clock read, and which is taken from which? Who else sees the begin?"

    def compare(seconds: float, inner: float = 0, thing: Any = "done", look: str = look) -> tuple[Any, object]:
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
                seen = f"{time_noted:.4g} s" if isinstance(time_noted, float) else f"{time_noted!r}"
                raise Wrong(f"about {shortest:.2f} s", seen, look)
        beside.append((float(new[-1]) - took[-1], longest - took[-1]))
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

    yield "in one list, `Timed.times`, for all workers"
    before = [*timed.times]
    Job.perform_now()
    Other.perform_now()
    if len(timed.times) != len(before) + 2 or not timed.times == Job.times == Other.times:
        found = len(timed.times) - len(before)
        seen = f"{found} there, and {len(Job.times)} and {len(Other.times)} in `times` of the two"
        look_at = "`append` makes a list longer; `cls.times = …` makes one that only this worker has"
        raise Wrong("2 more in `Timed.times`, after a job of each of two workers", seen, look_at)

    yield "the time is that of the job, in seconds"
    for _ in range(3):
        time_noted, _ = compare(cases.uniform(0.025, 0.07))
    for _ in range(8):  # a busy machine may be slow for a moment
        compare(cases.uniform(0, 0.02))
    if (more := min(noted for noted, _ in beside)) > SLACK:
        look_at = "what is done between the two looks at the clock, beside the job?"
        raise Wrong("the time that the job takes", f"{more:.3f} s more, each time", look_at)
    yield Saw(f"{float(time_noted):.2f} s")

    yield "the caller waits for the job, and no longer"
    if (more := min(waited for _, waited in beside)) > SLACK:
        raise Wrong("an answer when the job has ended", f"it {more:.3f} s later", "what is done beside the job?")

    yield "keeps the times of all jobs"
    before = [*Job.times]
    for number in range(MANY):
        Job.perform_now(number)
    noted(MANY, before)

    yield "notes a job that raises, too"
    errors = [Planned("this job fails"), KeyboardInterrupt(), SystemExit()]
    outcomes = [compare(0.02, thing=error)[1] for error in errors]

    yield "lets its exception through to the caller"
    for error, outcome in zip(errors, outcomes, strict=True):
        if outcome is not error:
            raise Wrong(f"{error!r} to be raised", f"{outcome}", "an `except`, or a `return` in the `finally`?")

    yield "is right when a job calls another one"
    compare(0.02, inner=0.03)

    yield "is right when somebody sets the clock back"
    with clock_set(-3600.7):
        compare(0.02, look="`time.monotonic()`, which nobody sets")
