"""The check of exercise 2 of lesson 8."""

from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong


@exercise(number=2, answer="next_batch")
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
