"""The check of exercise 3 of lesson 1."""

import time
from itertools import count
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong


@exercise(number=3, answer="Timed")
def timed(timed: Any) -> Steps:
    """A feature: how long each job took, in seconds, also when it raised."""
    wait = 0.2

    class Wait(timed):  # type: ignore[misc]
        def perform(self, result: Any) -> Any:
            time.sleep(wait)
            if isinstance(result, Exception):
                raise result
            return result

    times = Wait.times

    yield "returns what the job returns"
    result = Wait.perform_now("done")
    if result != "done":
        raise Wrong("'done', what the job has returned", f"{result!r}", "is there a `return`?")

    yield "notes one time for a job"
    if len(times) != 1:
        raise Wrong("one time in `times`", f"{times}", "what is appended, and to which list?")

    yield "the time is that of the job, in seconds"
    if not isinstance(times[0], int | float) or not wait * 0.9 < times[0] < wait * 10:
        raise Wrong(f"about {wait} s", f"{times[0]!r}", "when is the clock read, and which is taken from which?")
    yield Saw(f"{times[0]:.1f} s")

    yield "notes a job that raises, too"
    error = Planned("this job fails")
    raised = None
    try:
        Wait.perform_now(error)
    except Planned as planned:
        raised = planned
    if len(times) != 2:
        raise Wrong("two times for two jobs", f"{len(times)}", "`finally`")

    yield "lets its exception through to the caller"
    if raised is not error:
        raise Wrong("the job's exception to be raised", f"{raised}", "an `except`, or a `return` in the `finally`?")

    yield "is right when somebody sets the clock back"
    hours = count(0, -3600)
    names = timed.perform_now.__globals__
    imported = [name for name, thing in names.items() if thing is time.time]
    time.time = lambda: next(hours)  # in this process only
    names.update(dict.fromkeys(imported, time.time))
    Wait.perform_now("done")
    if not wait * 0.9 < times[-1] < wait * 10:
        raise Wrong(f"about {wait} s", f"{times[-1]:.1f} s", "which clock of the module `time` never goes back?")
