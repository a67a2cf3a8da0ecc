"""The check of exercise 2 of lesson 7."""

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong, counted
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until


class Unusual(BaseException):
    """What a job raises that is no `Exception`."""


class Unprintable(Exception):
    """What a job raises that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("this error has no text")


class Noting(queue.Queue[Any]):
    """A queue that notes at each `task_done()` what was there by then."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__()
        self.look = look
        self.noted: list[Any] = []

    interrupt: BaseException | None = None

    def get(self, *args: Any, **options: Any) -> Any:
        """Take a job, unless ■ is pressed while it waits for one."""
        if self.interrupt:
            raise self.interrupt
        return super().get(*args, **options)

    def task_done(self) -> None:
        """Note it."""
        self.noted.append(self.look())
        super().task_done()


def failing(raised: BaseException) -> Callable[[], None]:
    """Return a job that raises an exception."""

    def fail() -> None:
        raise raised

    return fail


def returning(result: Any) -> Callable[[], Any]:
    """Return a job that returns something."""
    return lambda: result


calls_of = partial(counted, one="call")


@exercise(number=2, answer="MyProcessor")
def try_again_later(my_processor: Any) -> Steps:
    """What becomes of a job that raises: it is tried again later, or it is dead."""
    cases = draw("try_again_later")
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
        threading.Event().wait(0.02)  # who does not wait for it is done before
        performed.append("work")

    def fail() -> None:
        performed.append("fail")
        raise error

    def named(pairs: list[Any]) -> str:
        """Return pairs as a learner would write them."""

        def text(thing: Any) -> str:
            if isinstance(thing, tuple | list):
                inside = ", ".join(map(text, thing))
                return f"({inside})" if isinstance(thing, tuple) else f"[{inside}]"
            return str(getattr(thing, "__name__", repr(thing)))

        return text(pairs)

    def said() -> str:
        return f"{calls_of(len(jobs.noted))} of it"

    def found() -> str:
        return f"{named(later)} in `later`, {named(dead)} in `dead`"

    error = Planned("this job fails")
    kinds: list[BaseException] = [
        *(ValueError("no number"), TypeError(), queue.Empty(), StopIteration(), ZeroDivisionError()),
        *(SystemExit(1), KeyboardInterrupt(), Unusual()),
    ]

    def step_stays(function: Callable[[], Any], raised: BaseException, tries: int = 0) -> None:
        """Let the answer do one step with a job that raises. Raise `Wrong` when that leaves the step."""
        try:
            step(function, tries)
        except BaseException as left:
            if left is not raised:
                raise
            look = "what does the `except` catch? `sys.exit()` raises what is no `Exception`"
            raise Wrong("`step()` to return", f"it raises the job's {raised!r}", look) from None

    yield "performs the job, once"
    step(work)
    if performed != ["work"]:
        look = "what is in the pair, who calls it, and who waits for that?"
        raise Wrong("one call of the function", calls_of(len(performed)), look)

    yield "says `task_done()`, once, after the work"
    if [before for before, _ in jobs.noted] != [1]:
        seen = said() if len(jobs.noted) != 1 else "it before the work"
        raise Wrong("`task_done()` after the work", seen, "`finally`")

    yield "takes one job, and leaves the others"
    jobs.put((work, 0))
    step(work)
    if (left := jobs.qsize()) != 1:
        raise Wrong("one of two jobs to wait still", f"{left or 'none'}", "is there a loop?")
    jobs.get()
    queue.Queue.task_done(jobs)

    yield "waits for a job when there is none"
    performed.clear()
    ended: list[Any] = []

    def wait() -> None:
        try:
            my_processor(jobs, later, dead, 3).step()
        except queue.Empty:
            ended.append("queue.Empty")
        else:
            ended.append("the end of `step`")

    waiting = threading.Thread(target=wait, name="the check's own")
    waiting.start()
    gave_up = until(lambda: ended, QUIET)
    jobs.put((work, 0))
    if gave_up:
        raise Wrong("`step` to wait for a job", f"{ended[0]}", "how does it `get` one?")
    if not until(lambda: ended) or performed != ["work"]:
        raise Wrong("the job to be performed as soon as it is there", "no call of it", "for what does it wait?")

    yield "a job that raises nothing is finished, whatever it returns"
    results: list[Any] = [None, 0, 1, "", False, True, [], Planned("returned, not raised"), error]
    for returned in results:
        step(returning(returned))
        if later or dead:
            raise Wrong(
                "nothing in `later` and nothing in `dead`",
                f"{found()} of a job that returned {returned!r}",
                "how does it know that a job has failed?",
            )

    yield "what a job raises does not leave `step`"
    step_stays(fail, error)

    yield "a job that raises is tried again later, once more than before"
    for tries in (0, 2):
        step(fail, tries)
        if later != [(fail, tries + 1)] or dead:
            raise Wrong(f"[(fail, {tries + 1})] in `later`", found(), "what is appended, and where?")
        if len(performed) != 1:
            raise Wrong("one try in one step", f"{len(performed)} tries", "who tries again, and when?")

    yield "says `task_done()` of it, too, when it is noted"
    if jobs.noted != [(1, 1)]:
        seen = said() if len(jobs.noted) != 1 else "it before the job was in `later`"
        raise Wrong("`task_done()` after the note", seen, "`finally`; if it comes first, `join()` ends too soon")

    yield "after its last try it is dead, with the error"
    for tries in (3, cases.randint(4, 30)):
        step(fail, tries)
        if dead != [(fail, error)] or later:
            wanted = f"[(fail, {error!r})] in `dead` alone, as it was tried again {tries} times and `retries` is 3"
            look = "what is appended?" if dead and not later else "`tries` and `self.retries`"
            raise Wrong(wanted, found(), look)
        if jobs.noted != [(1, 1)]:
            raise Wrong("`task_done()` of a dead job, too, once", said(), "`finally`")

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
            wanted = f"{retries + 1} tries with `retries={retries}`" if retries else "one try with `retries=0`"
            raise Wrong(wanted, f"{times} tries" if times > 1 else "one", "`self.retries`, and `<`")
    if jobs.unfinished_tasks:
        raise Wrong("no job to be unfinished", f"{jobs.unfinished_tasks} of them", "`task_done()`")

    yield "whatever it raises: `sys.exit()`, too, is no way out"
    for raised in kinds:
        for tries in (0, 3):
            step_stays(job := failing(raised), raised, tries)
            wanted_later, wanted_dead = ([], [(job, raised)]) if tries else ([(job, 1)], [])
            if later != wanted_later or dead != wanted_dead:
                wanted = f"{named(wanted_later)} in `later`, {named(wanted_dead)} in `dead`"
                look = "what does the `except` catch?"
                if not later and not dead:
                    look += " Where it does not, a `return` in the `finally`, or another `except`, hides the error"
                raise Wrong(f"{wanted} of a job that raises {raised!r}", found(), look)
            if jobs.noted != [(0, 1)]:
                seen = said() if len(jobs.noted) != 1 else "it before"
                raise Wrong(f"one `task_done()` of a job that raises {raised!r}, when it is noted", seen, "`finally`")

    yield "it may be anything that can be called, and raise what cannot be printed"
    for job, raised in (partial(failing(error)), error), (failing(unprintable := Unprintable()), unprintable):
        for tries in (0, 3):
            step_stays(job, raised, tries)
            if later != [(job, 1)] * (not tries) or dead != [(job, raised)] * bool(tries):
                wanted = f"{named([(job, raised if tries else 1)])} in `{'dead' if tries else 'later'}`"
                raise Wrong(wanted, found(), "what is asked of the function, and of the error?")

    yield "an interrupt while it waits leaves `step`, and no job is done"
    for each in (later, dead, jobs.noted):
        each.clear()
    jobs.interrupt = KeyboardInterrupt()
    try:
        my_processor(jobs, later, dead, 3).step()
        seen = "`step()` returned"
    except BaseException as left:
        seen = "" if left is jobs.interrupt else f"{left!r}"
    if jobs.noted or later or dead:
        seen = f"{said()}" if jobs.noted else found()
    if seen:
        raise Wrong("the interrupt to leave `step()`, and no `task_done()`", seen, "what is inside of the `try`?")
    jobs.interrupt = None

    yield "is appended behind what is there, and its equal, too"
    for tries, kept in (1, later), (5, dead):
        for each in (later, dead):
            each[:] = [(work, 1)]
        one = my_processor(jobs, later, dead, 3)
        for _ in range(2):
            jobs.put((fail, tries))
            one.step()
        last = (fail, tries + 1) if kept is later else (fail, error)
        if later + dead != [(work, 1), *[last] * 2 * (kept is later), (work, 1), *[last] * 2 * (kept is dead)]:
            wanted = f"{named([(work, 1), last, last])} in `{'later' if kept is later else 'dead'}`"
            raise Wrong(wanted, found(), "`append`")

    yield "several threads work for it at the same time"
    for each in (later, dead, jobs.noted):
        each.clear()
    both = threading.Barrier(2)

    def together(raised: BaseException) -> Callable[[], None]:
        def fail() -> None:
            both.wait(SOON)
            raise raised

        return fail

    first, second = together(ValueError("the first")), together(ValueError("the second"))
    one = my_processor(jobs, later, dead, 3)
    for number, function in enumerate((first, second)):
        jobs.put((function, 1 + number))
    threads = [threading.Thread(target=one.step, name="the check's own") for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SOON)
    if both.broken:
        raise Wrong("two jobs at the same time", "one after the other", "what is locked while a job is performed?")
    if len(later) != 2 or dict(later) != {first: 2, second: 3} or dead:
        tries_of = sorted(tries for _, tries in later)
        seen = f"{len(later)} with {tries_of} tries, of {len({job for job, _ in later})} different functions"
        raise Wrong("two jobs in `later`, with 2 and 3 tries", seen, "where is the job kept meanwhile?")

    yield "of many jobs each is tried until it succeeds, or is dead"
    for each in (later, dead, performed):
        each.clear()
    retries = cases.randint(2, 4)
    fails = {f"job {number}": cases.choice([0, 0, 0, 1, 2, retries, retries + 1]) for number in range(20)}

    def job_of(name: str) -> Callable[[], None]:
        def job() -> None:
            performed.append(name)
            if performed.count(name) <= fails[name]:
                raise cases.choice(kinds)

        job.__name__ = name
        return job

    one = my_processor(jobs, later, dead, retries)
    for name in fails:
        jobs.put((job_of(name), 0))
    while not jobs.empty():
        one.step()
        while later:
            jobs.put(later.pop(0))
        if len(performed) > 200:
            break
    for name, times in fails.items():
        calls = min(times, retries) + 1
        if performed.count(name) != calls:
            look = "what is known of a job, and what of the one before?"
            wanted = f"{calls_of(calls)} of a job that fails {times} times, where `retries` is {retries}"
            raise Wrong(wanted, calls_of(performed.count(name)), look)
    ends = sorted(job.__name__ for job, _ in dead)
    if ends != sorted(name for name, times in fails.items() if times > retries):
        raise Wrong(f"those that fail more than {retries} times in `dead`", f"{ends}", "`tries` and `self.retries`")
