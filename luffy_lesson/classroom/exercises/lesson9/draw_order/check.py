"""The check of exercise 3 of lesson 9."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong

DRAWS = 4000
"""How often an order is drawn for each of the weights."""

SIGMAS = 5.5
"""How far from its weight the share of a queue may be by chance, in standard deviations: once in 25 million."""

Weights = Mapping[str, float]
Order = tuple[str, ...]


@exercise(number=3, answer="draw_order")
def draw_order(draw_order: Callable[[Weights], Any]) -> Steps:
    """The order in which a fetch looks at queues with weights."""
    cases = draw("draw_order")

    def drawn(weights: Weights) -> Order:
        """Return an order. Raise `Wrong` unless each name is in it once."""
        given = dict(weights)
        order = draw_order(given)
        if list(given.items()) != list(weights.items()):
            raise Wrong(f"{weights} to stay as it is", f"{given}", "whose dict is that?")
        if not isinstance(order, list | tuple) or sorted(map(repr, order)) != sorted(map(repr, weights)):
            look = "is each name in the list, and once?"
            raise Wrong(f"{sorted(weights)} in some order", f"{order!r}", look)
        return tuple(order)

    def orders(weights: Weights) -> Counter[Order]:
        return Counter(drawn(weights) for _ in range(DRAWS))

    def shares(weights: Weights, found: Counter[Order], names: Order, look: str) -> None:
        """Raise `Wrong` unless each of these queues stands before the others of them as often as its weight says."""
        first: Counter[str] = Counter()
        for order, often in found.items():
            first[min(names, key=order.index)] += often
        for name in names:
            share = weights[name] / sum(weights[each] for each in names)
            if abs(first[name] / DRAWS - share) > SIGMAS * math.sqrt(share * (1 - share) / DRAWS):
                others = ", ".join(repr(each) for each in names if each != name)
                wanted = f"{name!r} before {others} in {share:.0%} of the draws from {weights}"
                raise Wrong(wanted, f"{first[name] / DRAWS:.0%}", look)

    def some(*numbers: float) -> Weights:
        """Return these weights, in any order, of queues with any names."""
        names = cases.sample(["mail", "high", "low", "default", "pictures", "a", "z", "reports"], len(numbers))
        return dict(zip(names, cases.sample(numbers, len(numbers)), strict=True))

    yield "each name, and each once"
    many = {f"queue {number}": cases.choice([1, 2, 5, 0.5]) for number in range(50)}
    for weights in (
        {"high": 3, "low": 1},
        {"low": 1, "high": 3},
        {},
        {"default": 1},
        some(1, 1, 1),
        some(1000, 1),
        many,
    ):
        for _ in range(20):
            drawn(weights)

    yield "first as often as its weight says"
    look = "with weights of 3 and 1, the one is first three times as often"
    drawings = []
    for weights in ({"high": 3, "low": 1}, some(1, 1), some(1, 2, 7), some(5, 4, 2, 1)):
        drawings.append((weights, found := orders(weights)))
        shares(weights, found, tuple(weights), look)
    yield Saw(f"{DRAWS} draws")

    yield "the others too, when the first has no job"
    look = "which weights count for the second place?"
    for weights, found in drawings:
        for count in range(2, len(weights)):
            for names in itertools.combinations(weights, count):
                shares(weights, found, names, look)

    yield "whatever numbers the weights are"
    look = "a weight may be no whole number, or a great one"
    for weights in (some(0.5, 0.25, 0.25), some(0.03, 0.01), some(2_000_000_000, 3_000_000_000), some(1.5, 1, 2.75)):
        found = orders(weights)
        for count in range(2, len(weights) + 1):
            for names in itertools.combinations(weights, count):
                shares(weights, found, names, look)
