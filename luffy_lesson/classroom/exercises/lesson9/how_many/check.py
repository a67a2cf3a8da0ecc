"""The check of exercise 1 of lesson 9."""

import math
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong

CASES = 30
"""How many cases are drawn for a step."""


@exercise(number=1, answer="how_many")
def how_many(how_many: Callable[[float, float, float], Any]) -> Steps:
    """Little's law: how many processors are needed."""
    cases = draw("how_many")
    arguments: tuple[float, float, float]

    def expect(arguments: tuple[float, float, float], wanted: int, look: str) -> None:
        """Raise `Wrong` unless so many are needed."""
        found = how_many(*arguments)
        if isinstance(found, bool) or not isinstance(found, int) or found != wanted:
            raise Wrong(f"{wanted} from `how_many{arguments}`", f"{found!r}", look)

    def drawn(processors: int, more: float = 0) -> tuple[float, float, float]:
        """Return what needs exactly so many processors, and a part of another one."""
        busy, a_second = cases.randint(5, 100), cases.choice([1, 2, 4, 5, 10, 20, 50, 100, 200, 500])
        per_second = processors * busy * a_second / 100  # right to the last digit: it has two after the point
        if more:
            per_second = round((processors + more) * busy * a_second / 100, 9)
        return per_second, 1 / a_second, busy / 100

    yield "as many as there are jobs in hand, when they may be busy all the time"
    for arguments, wanted in ((5, 1, 1), 5), ((100, 0.05, 1), 5), ((8, 2, 1), 16), ((1, 1, 1), 1), ((0.25, 4, 1), 1):
        expect(arguments, wanted, "how many come while one is done?")

    yield "more, when they shall be busy for a part of the time"
    exact: list[tuple[tuple[float, float, float], int]] = [((4, 1, 0.8), 5), ((100, 0.05, 0.5), 10), ((9, 2, 0.75), 24)]
    exact += [((1, 0.5, 0.5), 1), ((0.5, 1.5, 0.75), 1)]
    for arguments, wanted in exact:
        expect(arguments, wanted, "the smaller `busy` is, the more are needed")

    yield "a part of a processor is a whole one"
    look = "`math.ceil`, and how much is cut off before"
    parts: list[tuple[tuple[float, float, float], int]] = [((4.1, 1, 1), 5), ((10, 0.33, 0.8), 5), ((1, 1.5, 0.7), 3)]
    parts += [((501, 0.001, 0.5), 2), ((40000, 0.5, 1), 20000), ((100.001, 0.01, 1), 2)]
    for arguments, wanted in parts:
        expect(arguments, wanted, look)
    for _ in range(CASES):
        expect(drawn(whole := cases.randint(1, 500), cases.uniform(0.05, 0.95)), whole + 1, look)
        expect(drawn(1, cases.uniform(0.002, 0.02)), 2, look)
        expect(drawn(whole := cases.randint(1, 20), cases.randint(1, 9) / 10 ** cases.randint(4, 5)), whole + 1, look)

    yield "one at least"
    look = "who does the job that comes once a year?"
    for arguments in (0, 1, 0.5), (0.001, 1, 0.5), (5, 0, 0.5), (0, 0, 1), drawn(0, cases.uniform(0.01, 0.99)):
        expect(arguments, 1, look)

    yield "a rounding error costs no processor"
    hard: list[tuple[tuple[float, float, float], int]] = [((3, 0.1, 0.3), 1), ((6, 0.1, 0.2), 3)]
    while len(hard) < CASES:
        least, most = (1, 500) if len(hard) < CASES - 6 else (20_000, 100_000)
        per_second, seconds, busy = arguments = drawn(wanted := cases.randint(least, most))
        needed = round(per_second * seconds, 6) / busy if len(hard) % 2 else per_second * seconds / busy
        if math.ceil(needed) > wanted:
            hard.append((arguments, wanted))
    for arguments, wanted in hard:
        per_second, seconds, busy = arguments
        expect(arguments, wanted, f"{per_second} * {seconds} / {busy} is {per_second * seconds / busy}")

    yield "refuses what makes no sense"
    shares, numbers = "`busy` is more than 0, and 1 at most", "which of the numbers is negative?"
    refused = [((load, 1, busy), shares) for load in (4, 0) for busy in (0, -0.5, 1.001, 1.5, 80)]
    refused += [((*pair, 0.5), numbers) for pair in ((-4, 1), (4, -1), (-4, -1), (-4, 0), (0, -1), (-0.001, 1))]
    for arguments, look in refused:
        try:
            found = how_many(*arguments)
        except ValueError:
            continue
        raise Wrong(f"ValueError from `how_many{arguments}`", f"{found!r}", look)
