"""The check of exercise 2 of lesson 8."""

from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong

CASES = 40
"""How many cases are drawn for a step."""


@exercise(number=2, answer="next_batch")
def next_batch(next_batch: Callable[[int, float], Any]) -> Steps:
    """How many jobs to take next: as many as fit into a hundredth of a second, with three bounds."""
    cases = draw("next_batch")

    def expect(last: int, seconds: float, wanted: int, look: str) -> None:
        """Raise `Wrong` unless so many come after a batch of `last` jobs that took so long."""
        found = next_batch(last, seconds)
        if isinstance(found, bool) or not isinstance(found, int) or found != wanted:
            raise Wrong(f"{wanted} from `next_batch({last}, {seconds:g})`", f"{found!r}", look)

    yield "one, when a job takes longer than that"
    for last, seconds in (1, 0.05), (1, 3600), (100, 60):
        expect(last, seconds, 1, "`max(1, …)`")
    for _ in range(CASES):
        last = cases.randint(1, 150)
        expect(last, last * 0.01 * cases.uniform(1.05, 50), 1, "`max(1, …)`")

    yield "as many as fit into a hundredth of a second"
    look = "how long did one job take? Half a job does not fit"
    for last, seconds, wanted in (10, 0.019, 5), (100, 0.095, 10), (30, 0.04, 7), (40, 0.009, 44):
        expect(last, seconds, wanted, look)
    for share in [cases.uniform(0.05, 0.95) for _ in range(CASES)] + [0.001, 0.01, 0.04, 0.96, 0.99, 0.999] * 3:
        last = cases.randint(1, 150)
        wanted = cases.randint(1, min(2 * last, 100) - 1)
        expect(last, last * 0.01 / (wanted + share), wanted, look)

    yield "the last one that just fits is not lost"
    # A float can hold these seconds, and all usual ways to divide are right.
    for last, seconds, wanted in (75, 0.25, 3), (75, 0.03125, 24), (150, 0.125, 12), (150, 0.0625, 24):
        look = f"`0.01 // ({seconds} / {last})` is {0.01 // (seconds / last):g}. What is `int` of a `/` instead?"
        expect(last, seconds, wanted, look)

    yield "twice as many as last time at most"
    for last in (1, 10, 49, *cases.sample(range(2, 49), 5)):
        expect(last, 0.0001, 2 * last, "`min(2 * last, …)`")

    yield "a hundred at most"
    for last in (51, 100, *cases.sample(range(51, 1000), 5)):
        expect(last, 0.0001, 100, "`min(100, …)`")

    yield "a batch that took no time at all is no error"
    for last in (1, 10, 100, cases.randint(2, 49), cases.randint(51, 99)):
        expect(last, 0, min(2 * last, 100), "what is divided by what?")
