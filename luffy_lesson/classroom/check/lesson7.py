"""The exercises of lesson 7."""

import queue
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong

SAMPLES = 1000
"""How often a random number is asked for: in a quarter of its range are then 15 to 35 percent, always."""


@exercise(
    lesson=7,
    answer="backoff",
    hints=[
        "`2**tries` doubles each time and begins with 1. Which function takes the smaller of two numbers?",
        "`most = min(60, 2**tries)`: an `int` of Python's may be as large as it likes, a `float` may not.",
        "`return random.uniform(most / 2, most)`.",
    ],
)
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


class Noting(queue.Queue[Any]):
    """A queue that notes at each `task_done()` what was there by then."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__()
        self.look = look
        self.noted: list[Any] = []

    def task_done(self) -> None:
        """Note it."""
        self.noted.append(self.look())
        super().task_done()


@exercise(
    lesson=7,
    answer="MyProcessor",
    hints=[
        "`function, tries = self.queue.get()`. Then `try`, `except Exception as error` and `finally`.",
        "In the `except`: `if tries < self.retries`, it goes to `self.later`, else to `self.dead`. In the `finally`: "
        "`self.queue.task_done()`.",
        "`self.later.append((function, tries + 1))`, and `self.dead.append((function, error))`.",
    ],
)
def try_again_later(my_processor: Any) -> Steps:
    """What becomes of a job that raises: it is tried again later, or it is dead."""
    later: list[Any] = []
    dead: list[Any] = []
    performed: list[Any] = []
    jobs = Noting(lambda: (len(performed), len(later) + len(dead)))

    def step(function: Callable[[], Any], tries: int = 0, retries: int = 3) -> None:
        """Let the answer do one step with a job."""
        for each in (later, dead, performed, jobs.noted):
            each.clear()
        jobs.put((function, tries))
        my_processor(jobs, later, dead, retries).step()

    def work() -> None:
        performed.append("work")

    def answer() -> Exception:
        performed.append("answer")
        return Planned("returned, not raised")

    def fail() -> None:
        performed.append("fail")
        raise error

    def found() -> str:
        def named(pairs: list[Any]) -> str:
            return ", ".join(
                f"({', '.join(getattr(part, '__name__', repr(part)) for part in pair)})"
                if isinstance(pair, tuple)
                else getattr(pair, "__name__", repr(pair))
                for pair in pairs
            )

        return f"[{named(later)}] in `later`, [{named(dead)}] in `dead`"

    error = Planned("this job fails")

    yield "performs the job, once"
    step(work)
    if performed != ["work"]:
        raise Wrong("one call of the function", f"{len(performed)}", "what is in the pair, and who calls it?")

    yield "says `task_done()`, once, after the work"
    if [before for before, _ in jobs.noted] != [1]:
        seen = f"{len(jobs.noted)} of them" if len(jobs.noted) != 1 else "it before the work"
        raise Wrong("`task_done()` after the work", seen, "`finally`")

    yield "takes one job, and leaves the others"
    jobs.put((work, 0))
    step(work)
    if (left := jobs.qsize()) != 1:
        raise Wrong("one of two jobs to wait still", f"{left}", "is there a loop?")
    jobs.get()
    queue.Queue.task_done(jobs)

    yield "a job that raises nothing is finished, whatever it returns"
    for function in (work, answer):
        step(function)
        if later or dead:
            raise Wrong("nothing in `later` and nothing in `dead`", found(), "how does it know that a job has failed?")

    yield "what a job raises does not leave `step`"
    try:
        step(fail)
    except Planned:
        raise Wrong(
            "`step()` to return", "it raises what the job has raised", "what does the `except` catch?"
        ) from None

    yield "a job that raises is tried again later, once more than before"
    for tries in (0, 2):
        step(fail, tries)
        if later != [(fail, tries + 1)] or dead:
            raise Wrong(f"[(fail, {tries + 1})] in `later`", found(), "what is appended, and where?")
        if len(performed) != 1:
            raise Wrong("one try in one step", f"{len(performed)}", "who tries again, and when?")

    yield "says `task_done()` of it, too, when it is noted"
    if jobs.noted != [(1, 1)]:
        seen = f"{len(jobs.noted)} of them" if len(jobs.noted) != 1 else "it before the job was in `later`"
        raise Wrong("`task_done()` after the note", seen, "`finally`; if it comes first, `join()` ends too soon")

    yield "after its last try it is dead, with the error"
    step(fail, 3)
    if dead != [(fail, error)] or later:
        raise Wrong("[(fail, Planned('this job fails'))] in `dead` alone", found(), "`tries` and `self.retries`")
    if jobs.noted != [(1, 1)]:
        raise Wrong("`task_done()` of a dead job, too, once", f"{len(jobs.noted)} of them", "`finally`")

    yield "it is tried again as often as `retries` says"
    for retries in (0, 1, 5):
        times = 0
        tries = 0
        while times < 10:
            step(fail, tries, retries)
            times += 1
            if not later:
                break
            tries = later[0][1]
        if times != retries + 1:
            raise Wrong(f"{retries + 1} tries with `retries={retries}`", f"{times}", "`self.retries`, and `<`")
    if jobs.unfinished_tasks:
        raise Wrong("no job to be unfinished", f"{jobs.unfinished_tasks}", "`task_done()`")
