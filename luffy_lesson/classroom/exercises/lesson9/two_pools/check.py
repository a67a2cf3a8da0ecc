"""The check of exercise 2 of lesson 9."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong

CASES = 20
"""How many cases are drawn for a step."""

Number = int | Fraction
Kind = tuple[Number, Number]


@exercise(number=2, answer="two_pools")
def two_pools(two_pools: Callable[[Kind, Kind, Number], Any]) -> Steps:
    """How many processors two kinds of jobs need: in a pool for each, and in one pool for both."""
    cases = draw("two_pools")

    def expect(first: Kind, second: Kind, busy: Number, look: str, pools: slice = slice(3)) -> None:
        """Raise `Wrong` unless those numbers of processors are right."""
        found = two_pools(first, second, busy)
        call = f"`two_pools({_written(first)}, {_written(second)}, {_written(busy)})`"
        if not isinstance(found, tuple | list) or len(found) != 3:
            raise Wrong(f"three numbers from {call}", f"{found!r}", "what is returned?")
        loads = math.prod(first), math.prod(second)
        wanted = [_needed(load, busy) for load in (*loads, sum(loads))]
        if any(type(number) is not int for number in found[pools]) or list(found)[pools] != wanted[pools]:
            shown = ["_", "_", "_"]
            shown[pools] = map(str, wanted[pools])
            raise Wrong(f"({', '.join(shown)}) from {call}", _written(found), look)

    def kind(load: Number) -> Kind:
        """Return a kind of jobs of which so many are in hand."""
        seconds = Fraction(cases.randint(1, 60), cases.choice([1, 3, 10, 1000]))
        return load / seconds, seconds

    def load() -> Fraction:
        """Return a load that fills no whole number of processors, however busy they may be."""
        return cases.randint(0, 40) + Fraction(cases.randint(1, 22), 23)

    def share() -> Fraction:
        return Fraction(cases.randint(2, 18), cases.choice([19, 20, 21]))

    each, both = slice(2), slice(2, 3)
    yield "a pool for each kind"
    look = "how many of its jobs are in hand, and for how much of the time may a processor be busy?"
    expect((40, Fraction(1, 20)), (Fraction(1, 10), 30), Fraction(4, 5), look, each)
    expect((4, 1), (9, 2), Fraction(3, 4), look, each)
    expect((100, Fraction(1, 20)), (1, 1), Fraction(1, 2), look, each)
    for _ in range(CASES):
        expect(kind(load()), kind(load()), share(), look, each)

    yield "one pool for both"
    look = "how many jobs of both kinds are in hand together?"
    expect((40, Fraction(1, 20)), (Fraction(1, 10), 30), Fraction(4, 5), look, both)
    expect((Fraction(1, 10), 1), (Fraction(1, 10), 1), Fraction(1, 2), look, both)
    for _ in range(CASES):
        expect(kind(load()), kind(load()), share(), look, both)

    yield "a kind without jobs needs nobody"
    look = "what do processors do that never get a job?"
    for none in ((0, 5), (5, 0), (0, 0)):
        expect(none, (4, 1), Fraction(4, 5), look)
        expect(kind(load()), none, share(), look)
        expect(none, none, 1, look)

    yield "exactly full is not enough"
    look = "what becomes of what was once left behind, when they are busy for all of the time?"
    expect((4, 1), (Fraction(1, 2), 2), 1, look)
    expect((4, 1), (Fraction(1, 2), 3), 1, look)
    for many in (1, 50, 10**7):
        expect(kind(cases.randint(1, 9) * many), kind(cases.randint(1, 9) * many), 1, look)
        expect(kind(whole := cases.randint(1, 99) * many), kind(whole + Fraction(1, 3)), 1, look)
        expect(kind(Fraction(whole, 2)), kind(Fraction(whole, 2)), 1, look)

    yield "counts exactly"
    look = "`Fraction(1, 10)` has no rounding error: what makes a `float` of it?"
    for _ in range(CASES):
        busy, more = share(), Fraction(1, 10 ** cases.randint(7, 18))
        expect(kind(cases.randint(1, 999) * busy), kind(cases.randint(1, 999) * busy), busy, look)
        expect(kind(cases.randint(1, 9) * busy + more), kind(cases.randint(1, 9) * busy - more), busy, look)
    expect(kind(10**17 + 1), kind(10**17), Fraction(1, 3), look)
    expect((10**17 + 1, 1), (cases.randint(1, 9), 1), 1, "what is `(10**17 + 1) / 1`?")


def _needed(load: Number, busy: Number) -> int:
    """Return how many processors that takes."""
    needed = math.ceil(Fraction(load) / busy)
    return needed + 1 if load and needed == load else needed


def _written(thing: Any) -> str:
    """Return numbers as they are written down."""
    if isinstance(thing, tuple | list):
        return f"({', '.join(map(_written, thing))})"
    return str(thing) if isinstance(thing, int | Fraction) else repr(thing)
