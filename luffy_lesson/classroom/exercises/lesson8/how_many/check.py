"""The check of exercise 3 of lesson 8."""

from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Steps, Wrong


@exercise(number=3, answer="how_many")
def how_many(how_many: Callable[[float, float, float], Any]) -> Steps:
    """Little's law: how many processors are needed."""
    arguments: tuple[float, float, float]

    def expect(arguments: tuple[float, float, float], wanted: int, look: str) -> None:
        """Raise `Wrong` unless so many are needed."""
        per_second, seconds, busy = arguments
        found = how_many(per_second, seconds, busy)
        if isinstance(found, bool) or not isinstance(found, int) or found != wanted:
            raise Wrong(f"{wanted} from `how_many({per_second:g}, {seconds:g}, {busy:g})`", f"{found!r}", look)

    yield "as many as there are jobs in hand, when they may be busy all the time"
    for arguments, wanted in ((5, 1, 1), 5), ((100, 0.05, 1), 5), ((8, 2, 1), 16):
        expect(arguments, wanted, "how many come while one is done?")

    yield "more, when they shall be busy for a part of the time"
    for arguments, wanted in ((4, 1, 0.8), 5), ((100, 0.05, 0.5), 10), ((9, 2, 0.75), 24):
        expect(arguments, wanted, "the smaller `busy` is, the more are needed")

    yield "a part of a processor is a whole one"
    for arguments, wanted in ((4.1, 1, 1), 5), ((10, 0.33, 0.8), 5), ((1, 1.5, 0.7), 3), ((501, 0.001, 0.5), 2):
        expect(arguments, wanted, "`math.ceil`, and how much is cut off before")

    yield "one at least"
    for arguments in (0, 1, 0.5), (0.001, 1, 0.5), (5, 0, 0.5):
        expect(arguments, 1, "who does the job that comes once a year?")

    yield "a rounding error costs no processor"
    for arguments, wanted in ((3, 0.1, 0.3), 1), ((6, 0.1, 0.2), 3):
        per_second, seconds, busy = arguments
        expect(arguments, wanted, f"{per_second} * {seconds} / {busy} is {per_second * seconds / busy}")

    yield "refuses what makes no sense"
    shares, numbers = "`busy` is more than 0, and 1 at most", "which of the numbers is negative?"
    refused = [((4, 1, busy), shares) for busy in (0, -0.5, 1.5, 80)]
    refused += [((*pair, 0.5), numbers) for pair in ((-4, 1), (4, -1), (-4, -1))]
    for arguments, look in refused:
        try:
            found = how_many(*arguments)
        except ValueError:
            continue
        call = ", ".join(f"{argument:g}" for argument in arguments)
        raise Wrong(f"ValueError from `how_many({call})`", f"{found!r}", look)
