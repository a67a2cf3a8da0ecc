"""The check of exercise 2 of lesson 7."""

import queue
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong


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


@exercise(number=2, answer="MyProcessor")
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
