"""The check of exercise 3 of lesson 2."""

import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as Late
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Steps, Wrong
from luffy_lesson.classroom.check.waiting import SOON


@exercise(number=3, answer="WithResult")
def with_result(with_result: Any) -> Steps:
    """A `perform_future` that works in a thread, and whose answer holds the result later, or the exception."""
    go, done = threading.Event(), threading.Event()
    through: list[Any] = []

    class Sum(with_result):  # type: ignore[misc]
        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            through.append(args)
            return super().perform_now(*args)

        def perform(self, *args: Any) -> Any:
            go.wait(SOON)
            done.set()
            return sum(args)

    class Raises(with_result):  # type: ignore[misc]
        def perform(self, error: BaseException) -> None:
            raise error

    def outcome(future: "Future[Any]", look: str) -> Any:
        try:
            return "returned", future.result(SOON)
        except Late:
            raise Wrong("`result()` to end", f"no result within {SOON} s", look) from None
        except (Planned, SystemExit, KeyboardInterrupt, CancelledError) as error:
            return "raised", error

    yield "returns a future"
    future = Sum.perform_future(2, 3)
    early = not done.is_set()
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
    go.set()
    if (result := outcome(future, "who calls `set_result`, and when?")) != ("returned", 5):
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

    yield "has a new future for each job"
    if outcome(Sum.perform_future(4, 5), "whose future is it?") != ("returned", 9) or future.result() != 5:
        raise Wrong("two futures for two jobs, 5 and 9", f"{future.result()} in the first", "when is the future made?")

    yield "raises what the job has raised"
    error = Planned("this job fails")
    if (result := outcome(Raises.perform_future(error), "who calls `set_exception`?")) != ("raised", error):
        raise Wrong("`result()` to raise the job's exception", f"it {result[0]} {result[1]!r}", "`set_exception`")

    yield "ends the wait after `sys.exit` in a job, too"
    how, result = outcome(
        Raises.perform_future(SystemExit()), "what does the `except` catch? SystemExit is no Exception"
    )
    if how != "raised" or not isinstance(result, SystemExit):
        raise Wrong("`result()` to raise the SystemExit", f"{result!r}", "which exceptions does the `except` catch?")

    yield "ends the wait whatever a job has raised"
    how, result = outcome(Raises.perform_future(KeyboardInterrupt()), "is there an exception that it does not catch?")
    if how != "raised" or not isinstance(result, KeyboardInterrupt):
        raise Wrong("`result()` to raise it", f"{result!r}", "which exceptions does the `except` catch?")
