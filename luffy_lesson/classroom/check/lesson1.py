"""The exercises of lesson 1."""

import time
from itertools import count
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong


@exercise(
    lesson=1,
    answer="MyWorker",
    hints=[
        "Who calls it has the class, and no instance. How is an instance made of the class `cls`?",
        "`cls()` makes an instance. Its `perform` gets the arguments one by one, as they came: `*args`.",
        "`return cls().perform(*args)`.",
    ],
)
def perform_now(my_worker: Any) -> Steps:
    """Rebuild step 1: `perform_now` hands its arguments to `perform` of a new instance, and returns what that does."""
    calls: list[tuple[Any, tuple[Any, ...]]] = []

    class Sum(my_worker):  # type: ignore[misc]
        def perform(self, *args: Any) -> Any:
            calls.append((self, args))
            return 5 if args == (2, 3) else None

    class Fails(my_worker):  # type: ignore[misc]
        def perform(self) -> None:
            raise Planned

    yield "calls `perform`, once"
    result = Sum.perform_now(2, 3)
    if len(calls) != 1:
        raise Wrong("one call to `perform`", f"{len(calls)}", "who calls `perform`, and on what?")

    yield "calls it on an instance of the worker"
    if not isinstance(calls[0][0], Sum):
        raise Wrong(
            "an instance as `self`",
            f"{calls[0][0]!r}",
            "what stands before `.perform`, and is `@classmethod` still above?",
        )

    yield "hands on the arguments"
    if calls[0][1] != (2, 3):
        raise Wrong(
            "the arguments (2, 3)", f"{calls[0][1]}", "the star: `args` is one tuple, `*args` is what was in it"
        )
    yield Saw("2 and 3")

    yield "returns what `perform` returns"
    if result != 5:
        raise Wrong("5 for the sum of 2 and 3", f"{result!r}", "what does `perform_now` return?")
    yield Saw("5")

    yield "makes a new instance for each job"
    Sum.perform_now(1)
    if calls[0][0] is calls[1][0]:
        raise Wrong(
            "two instances for two jobs", "the same one twice", "what one job leaves in it, the next would find"
        )

    yield "lets an exception through to the caller"
    try:
        Fails.perform_now()
    except Planned:
        return
    except Exception as error:
        raise Wrong("the exception of `perform`", f"{error!r}", "is there an `except`?") from None
    raise Wrong("the exception of `perform`", "none", "is there an `except`?")


@exercise(
    lesson=1,
    answer="Stubborn",
    hints=[
        "`super().perform_now(*args)` is the first try. What has to stand around it?",
        "`except Exception:` catches what a job raises, and leaves ■ alone, which is a `KeyboardInterrupt`.",
        "In the `except`, `return` the same call once more. Nothing catches its exception, so it reaches the caller.",
    ],
)
def try_again(stubborn: Any) -> Steps:
    """A feature: a job that raises is tried once more before the error reaches the caller."""
    tries: list[tuple[Any, ...]] = []

    class Job(stubborn):  # type: ignore[misc]
        failures: tuple[BaseException, ...] = ()
        answer: str | None = "done"

        def perform(self, *args: Any) -> str | None:
            tries.append(args)
            if len(tries) <= len(self.failures):
                raise self.failures[len(tries) - 1]
            return self.answer

    def perform(*failures: BaseException) -> Any:
        """Perform it. Return what it returns, or the exception that it raises; never one that is returned."""
        tries.clear()
        Job.failures = failures
        try:
            result = Job.perform_now(1, 2)
            return f"{result!r}, returned" if isinstance(result, BaseException) else result
        except NotImplementedError:  # not written yet
            raise
        except (Planned, RuntimeError, KeyboardInterrupt) as error:
            return error

    yield "does a job that works once"
    result = perform()
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "the second try belongs in the `except`")

    yield "returns what the job returns"
    if result != "done":
        raise Wrong("'done', what the job has returned", f"{result!r}", "is there a `return`?")

    yield "does a job that works and returns nothing once, too"
    Job.answer = None
    perform()
    Job.answer = "done"
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "how does it know that a try has failed? Most jobs return None")

    yield "tries a job that has failed once more"
    result = perform(Planned("first"))
    if len(tries) != 2:
        raise Wrong("two tries", f"{len(tries)}", "what does the `except` catch, and what happens in it?")
    if tries[0] != tries[1]:
        raise Wrong("the same arguments in both tries", f"{tries[0]} and {tries[1]}", "the second call's `*args`")

    yield "returns what the second try returns"
    if result != "done":
        raise Wrong("'done', what the second try has returned", f"{result!r}", "is there a `return` before it, too?")

    yield "gives up after the second try"
    result = perform(*map(Planned, range(50)))
    if len(tries) != 2:
        raise Wrong(
            "two tries of a job that always fails",
            f"{len(tries)}",
            "a loop, a second try that calls `cls.perform_now`, or something that the class remembers?",
        )
    yield Saw("two tries")

    yield "lets the second error through to the caller"
    if not isinstance(result, Planned) or result.args != (1,):
        raise Wrong("the error of the second try to be raised", f"{result!r}", "what becomes of the second error?")

    yield "does not try again when ■ has interrupted it"
    result = perform(KeyboardInterrupt())
    if len(tries) != 1:
        raise Wrong("one try", f"{len(tries)}", "what does the `except` catch?")
    if not isinstance(result, KeyboardInterrupt):
        raise Wrong("the interrupt to reach the caller", f"{result!r}", "what does the `except` catch?")


@exercise(
    lesson=1,
    answer="Timed",
    hints=[
        "The clock is read before the job and after it; the difference goes into `cls.times`.",
        "What stands in `finally:` happens in any case, whether the job returns or raises.",
        "`try: return super().perform_now(*args)`, `finally: cls.times.append(time.monotonic() - begin)`.",
    ],
)
def timed(timed: Any) -> Steps:
    """A feature: how long each job took, in seconds, also when it raised."""
    wait = 0.2

    class Wait(timed):  # type: ignore[misc]
        def perform(self, result: Any) -> Any:
            time.sleep(wait)
            if isinstance(result, Exception):
                raise result
            return result

    times = Wait.times

    yield "returns what the job returns"
    result = Wait.perform_now("done")
    if result != "done":
        raise Wrong("'done', what the job has returned", f"{result!r}", "is there a `return`?")

    yield "notes one time for a job"
    if len(times) != 1:
        raise Wrong("one time in `times`", f"{times}", "what is appended, and to which list?")

    yield "the time is that of the job, in seconds"
    if not isinstance(times[0], int | float) or not wait * 0.9 < times[0] < wait * 10:
        raise Wrong(f"about {wait} s", f"{times[0]!r}", "when is the clock read, and which is taken from which?")
    yield Saw(f"{times[0]:.1f} s")

    yield "notes a job that raises, too"
    error = Planned("this job fails")
    raised = None
    try:
        Wait.perform_now(error)
    except Planned as planned:
        raised = planned
    if len(times) != 2:
        raise Wrong("two times for two jobs", f"{len(times)}", "`finally`")

    yield "lets its exception through to the caller"
    if raised is not error:
        raise Wrong("the job's exception to be raised", f"{raised}", "an `except`, or a `return` in the `finally`?")

    yield "is right when somebody sets the clock back"
    hours = count(0, -3600)
    names = timed.perform_now.__globals__
    imported = [name for name, thing in names.items() if thing is time.time]
    time.time = lambda: next(hours)  # in this process only
    names.update(dict.fromkeys(imported, time.time))
    Wait.perform_now("done")
    if not wait * 0.9 < times[-1] < wait * 10:
        raise Wrong(f"about {wait} s", f"{times[-1]:.1f} s", "which clock of the module `time` never goes back?")
