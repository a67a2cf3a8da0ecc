"""The check of exercise 3 of lesson 2."""

import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from typing import Any

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, PlannedEnd, PlannedInterrupt, Steps, Wrong
from luffy_lesson.classroom.check.waiting import AT_ONCE, SOON, until

AT_WORK = 64
"""How many jobs work at the same time: more than an executor has threads, if it is not told."""

CALLERS = 8
"""How many threads call at once."""


@exercise(number=3, answer="WithResult")
def with_result(with_result: Any) -> Steps:
    """A `perform_future` that works in a thread, and whose answer holds the result later, or the exception."""
    cases = draw("with_result")
    go: dict[Any, threading.Event] = defaultdict(threading.Event)
    done = threading.Event()
    through: list[Any] = []
    begun: dict[int, float] = {}  # when each was

    class Sum(with_result):  # type: ignore[misc]
        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            through.append(args)
            return super().perform_now(*args)

        def perform(self, *args: Any) -> Any:
            go["sum"].wait(SOON)
            done.set()
            return sum(args)

    class Same(with_result):  # type: ignore[misc]
        def perform(self, *args: Any) -> Any:
            through.append(args)
            return args[0]

    class Wait(with_result):  # type: ignore[misc]
        def perform(self, number: int) -> int:
            begun[number] = time.monotonic()
            go[number].wait(2 * SOON)
            return number

    class Raises(with_result):  # type: ignore[misc]
        def perform(self, error: BaseException) -> None:
            through.append(error)
            raise error

    def outcome(future: "Future[Any]", wanted: str, look: str) -> Any:
        if not until(future.done):
            raise Wrong(f"`result()` to {wanted}", f"no end of it within {SOON} s", look)
        if future.cancelled():
            return "cancelled", future
        if error := future.exception():
            return "raised", error
        return "returned", future.result()

    def returns(future: "Future[Any]", thing: Any, look: str) -> None:
        how, what = outcome(future, wanted := f"return {thing!r}", look)
        if how != "returned" or what is not thing:
            raise Wrong(f"`result()` to {wanted}", f"{what!r}, {how}", look)

    def raises(error: BaseException, look: str) -> None:
        through.clear()
        how, what = outcome(Raises.perform_future(error), wanted := f"raise the job's own {error!r}", look)
        if how != "raised" or what is not error:
            raise Wrong(f"`result()` to {wanted}", f"{what!r}, {how}", look)
        if len(through) != 1:
            raise Wrong("the job to be done once", f"{len(through)} times", "is there a second try?")

    yield "returns a future"
    began = time.monotonic()
    future = Sum.perform_future(2, 3)
    took, early = time.monotonic() - began, not done.is_set()
    if not isinstance(future, Future):
        raise Wrong("a `concurrent.futures.Future`", f"{future!r}", "what does `perform_future` return?")

    yield "returns before the work is done"
    if not early:
        raise Wrong("the call to return while the job is at work", "it returned after the job", "who does the work?")
    if future.done() and future.exception():
        raise Wrong("the job to be at work", f"{future.exception()!r}", "what does the thread call, and with what?")
    if future.done():
        raise Wrong("a future without a result as yet", f"{future!r}", "when is the result known?")

    yield "has the job's result later"
    go["sum"].set()
    if not done.wait(SOON) and not future.done():
        raise Wrong("the job to be done, before it is asked for its result", "it was not", "who does the work?")
    if (result := outcome(future, "return 5", "who calls `set_result`, and when?")) != ("returned", 5):
        raise Wrong(
            "5 for the sum of 2 and 3", f"{result[1]!r}", "what does the thread do with what `perform_now` returns?"
        )

    yield "the job goes through `perform_now`"
    if through != [(2, 3)]:
        raise Wrong(
            "one call of `perform_now` with (2, 3)",
            f"{through}",
            "is it `cls.perform_now`? `super()` leaves out what a subclass adds",
        )

    yield "returns at once"
    for number in range(100, 105):  # the machine may be busy: the quickest call counts
        if took > AT_ONCE:
            began = time.monotonic()
            Wait.perform_future(number)
            took = min(took, time.monotonic() - began)
            go[number].set()
    if took > AT_ONCE:
        raise Wrong("the call to return at once", f"{took:.2f} s later", "for what does the caller wait?")

    yield "does not let a job wait for another one"
    numbers = range(1, AT_WORK + 1)
    called = time.monotonic()
    futures = {number: Wait.perform_future(number) for number in numbers}
    if not until(lambda: all(number in begun for number in numbers)):
        seen = f"{len(begun.keys() & set(numbers))} at work, and the others waiting for them"
        look = "how many threads are there at most, and for what does each wait?"
        raise Wrong(f"{AT_WORK} jobs at work at the same time", seen, look)
    if (late := min(begun[number] for number in numbers) - called) > 5 * AT_ONCE:
        raise Wrong("a job to begin at once", f"{late:.1f} s later", "what does the thread do before the job?")

    yield "has a new future for each job"
    look = "when is the future made, and who sees it?"
    for number in reversed(numbers):
        go[number].set()
        if number <= 3:
            returns(futures[number], number, look)
    again = Same.perform_future(7), Same.perform_future(7)
    for future in again:
        returns(future, 7, look)
    if again[0] is again[1] or through[-2:] != [(7,), (7,)]:
        raise Wrong("two futures for two jobs with the same arguments", "one", "is a result kept from an earlier job?")
    answers: dict[int, Any] = {}
    together = threading.Barrier(CALLERS)

    def call(number: int) -> None:
        together.wait(SOON)
        answers[number] = Same.perform_future(number)

    callers = [threading.Thread(target=call, args=(number,), name="the check's caller") for number in numbers[:CALLERS]]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SOON)
    for number, future in answers.items():  # none is 0: what becomes of false things is the next step
        returns(future, number, look)

    yield "has the result, whatever it is"
    for many in range(1, 8):
        through.clear()
        args = tuple(things(cases)[:many])
        returns(Same.perform_future(*args), args[0], "what is done with the result, and when?")
        if [list(map(id, each)) for each in through] != [list(map(id, args))]:
            raise Wrong(f"one job with the arguments {args}", f"{through}", "what does the thread call, and with what?")
    for thing in things(cases):
        returns(Same.perform_future(thing), thing, "what is done with the result, and when?")

    yield "raises what the job has raised"
    raises(Planned("this job fails"), "who calls `set_exception`?")
    kinds = [ValueError, KeyError, OSError, StopIteration, TimeoutError, AssertionError, RuntimeError]
    for kind in cases.sample(kinds, len(kinds)):
        raises(type("Planned", (Planned, kind), {})("this job fails"), "what is told to `set_exception`?")

    yield "ends the wait after `sys.exit` in a job, too"
    for code in (None, 0, 3):
        raises(SystemExit(code), "what does the `except` catch? SystemExit is no Exception")

    yield "ends the wait whatever a job has raised"
    for error in (PlannedInterrupt(), PlannedEnd()):
        raises(error, "is there an exception that it does not catch?")
