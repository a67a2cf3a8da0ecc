"""The check of exercise 1 of lesson 7."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong

SAMPLES = 1000
"""How often a random number is asked for: in a quarter of its range are then 15 to 35 percent, always."""


@exercise(number=1, answer="backoff")
def backoff(backoff: Callable[[int], Any]) -> Steps:
    """How long to wait before the next try: twice as long each time, with a bound and with jitter."""

    def samples(tries: int, most: float, look: str, count: int = SAMPLES) -> list[float]:
        """Return what `backoff` says again and again. Raise `Wrong` unless all is between half of `most` and that."""
        found = [backoff(tries) for _ in range(count)]
        for seconds in found:
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise Wrong(f"a number of seconds from `backoff({tries})`", f"{seconds!r}", "is there a `return`?")
        outside = [seconds for seconds in found if not most / 2 - 1e-9 <= seconds <= most + 1e-9]
        if outside:
            raise Wrong(f"{most / 2:g} s to {most:g} s from `backoff({tries})`", f"{outside[0]:g} s", look)
        return found

    yield "begins with half a second to a second"
    samples(0, 1, "`2**0` is 1; half of that and all of that")

    yield "waits twice as long each time"
    for tries in range(1, 6):
        samples(tries, 2**tries, "`2**tries`, and half of that")

    yield "is never more than a minute"
    for tries in range(6, 11):
        samples(tries, 60, "`min`: before the half is taken, or after?")

    yield "is a minute at most after thousands of tries, too"
    for tries in (1000, 5000):
        samples(tries, 60, "a number that grows beyond what a `float` can hold", 20)

    yield "differs from call to call"
    found = samples(3, 8, "half of 8 and all of 8")
    if len(set(found)) < SAMPLES / 2:
        seen = f"{len(set(found))} of {SAMPLES}"
        raise Wrong("other numbers from call to call", seen, "`random.uniform`, and who sets its seed?")

    yield "uses the whole range, each part of it as often"
    borders = [4, 5, 6, 7, 8 + 1e-9]
    shares = [sum(low <= seconds < high for seconds in found) / SAMPLES for low, high in pairwise(borders)]
    if not all(0.15 < share < 0.35 for share in shares):
        seen = ", ".join(f"{share:.0%}" for share in shares)
        raise Wrong("about 25% in each quarter between 4 s and 8 s", seen, "from where to where is it random?")
    yield Saw(f"{min(found):.2f} s to {max(found):.2f} s after three tries")
