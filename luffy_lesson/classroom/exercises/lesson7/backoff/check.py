"""The check of exercise 1 of lesson 7."""

import ast
import contextlib
import inspect
import linecache
import math
import time
import types
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from numbers import Real
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import together
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong

SAMPLES = 2000
"""How often a random number is asked for."""

FEW = 200
"""How often after so many tries that one answer may take long."""


def unevenness(found: list[float], low: float, high: float) -> float:
    """Return how far the numbers are from being as likely everywhere between two bounds.

    It is the greatest distance between two distributions, times the square root of how many there are. That is more
    than 3.2 in one of three hundred million cases (Kolmogorov and Smirnov).
    """
    places = sorted((number - low) / (high - low) for number in found)
    count = len(places)
    return math.sqrt(count) * max(
        max((rank + 1) / count - place, place - rank / count) for rank, place in enumerate(places)
    )


@exercise(number=1, answer="backoff")
def backoff(backoff: Callable[[int], Any]) -> Steps:
    """How long to wait before the next try: twice as long each time, with a bound and with jitter."""
    all_found: dict[int, list[float]] = {}  # by tries

    def most(tries: int) -> int:
        return int(min(60, 2**tries))

    def samples(tries: int, look: str, count: int = SAMPLES) -> None:
        """Note what `backoff` says again and again. Raise `Wrong` unless all is between half of the most and that."""
        found = all_found[tries] = []
        low, high = most(tries) / 2 - 1e-9, most(tries) + 1e-9
        for _ in range(count):
            seconds = backoff(tries)
            if isinstance(seconds, bool) or not isinstance(seconds, (float, Real, Decimal)):
                raise Wrong(f"a number of seconds from `backoff({tries})`", f"{seconds!r}", "is there a `return`?")
            found.append(float(seconds))
            if not low <= found[-1] <= high:
                wanted = f"{most(tries) / 2:g} s to {most(tries)} s from `backoff({tries})`"
                raise Wrong(wanted, f"{found[-1]:g} s", look)

    yield "begins with half a second to a second"
    samples(0, "`2**0` is 1; half of that and all of that")

    yield "waits twice as long each time"
    for tries in range(1, 6):
        samples(tries, "`2**tries`, and half of that")

    yield "is never more than a minute"
    for tries in (*range(6, 11), 26, draw("backoff").randint(27, 50)):
        samples(tries, "`min`: before the half is taken, or after?")

    yield "is a minute at most after thousands of tries, too"
    for tries in (1000, draw("backoff").randint(1025, 5000)):
        samples(tries, "a number that grows beyond what a `float` can hold", FEW)

    yield "differs from call to call"
    for tries, found in all_found.items():
        if (different := len(set(found))) < len(found) / 10:
            seen = f"{different} different in {len(found)} calls of `backoff({tries})`"
            look = "`random.uniform`, and who sets its seed?"
            if set(found) == {60}:
                look = "the jitter of a minute: is it drawn from what `min` returns, or is `min` taken of it?"
            raise Wrong("other numbers from call to call", seen, look)

    yield "uses the whole range, each part of it as often"
    for tries, found in all_found.items():
        low, high = most(tries) / 2, most(tries)
        if unevenness(found, low, high) > 3.2:
            borders = [-math.inf, *(low + quarter * (high - low) / 4 for quarter in (1, 2, 3)), math.inf]
            shares = [sum(a <= seconds < b for seconds in found) / len(found) for a, b in pairwise(borders)]
            wanted = f"each number between {low:g} s and {high} s as likely from `backoff({tries})`"
            seen = f"{', '.join(f'{share:.0%}' for share in shares)} in its four quarters"
            raise Wrong(wanted, seen, "from where to where is it random?")
    yield Saw(f"{min(all_found[3]):.2f} s to {max(all_found[3]):.2f} s after three tries")

    yield "differs from process to process"
    numbers = others = None
    with contextlib.suppress(Wrong):  # what else is in the cell takes long
        numbers, others = together(*[lambda: run_again(backoff)] * 2)
    if numbers and numbers == others:
        seen = f"{', '.join(f'{number:.2f} s' for number in numbers)} in each of two"
        look = "who sets the seed, and where? Those that failed together would come back together"
        raise Wrong("other numbers in another process", seen, look)


def run_again(backoff: Any) -> list[float]:
    """Return what an answer says first where its cell is run anew; nothing where that cannot be told."""
    unwrapped = inspect.unwrap(backoff)
    function = unwrapped if isinstance(unwrapped, types.FunctionType) else type(unwrapped).__call__
    time.sleep = lambda seconds: None
    with contextlib.suppress(BaseException):  # what is in the cell besides
        cell = ast.parse("".join(linecache.getlines(function.__code__.co_filename)))
        cell.body = [statement for statement in cell.body if "check" not in names_in(statement)]
        names = {**function.__globals__}
        exec(compile(cell, function.__code__.co_filename, "exec"), names)
        return [float(names["backoff"](3)) for _ in range(3)]
    return []


def names_in(statement: ast.stmt) -> set[str]:
    """Return the names that a statement uses."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
