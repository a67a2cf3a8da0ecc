"""The exercises of lesson 2."""

import threading
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as Late
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until


@exercise(
    lesson=2,
    answer="MyWorker",
    hints=[
        "`threading.Thread(target=…, args=…)` makes a thread. It does nothing until `start()` is called.",
        "The target is the method itself, without parentheses: with them, the caller would do the work.",
        "The target is `cls.perform_now`, and the arguments are `args`, a tuple already. Start it, then return it.",
    ],
)
def perform_async(my_worker: Any) -> Steps:
    """Rebuild step 2: `perform_async` starts the work in a thread, and returns the thread at once."""
    go, done = threading.Event(), threading.Event()
    through: list[tuple[Any, ...]] = []
    got: list[tuple[Any, ...]] = []
    meeting = threading.Barrier(5)

    class Wait(my_worker):  # type: ignore[misc]
        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            through.append(args)
            return super().perform_now(*args)

        def perform(self, *args: Any) -> None:
            go.wait(SOON)
            got.append(args)
            done.set()

    class Meet(my_worker):  # type: ignore[misc]
        def perform(self) -> None:
            try:
                meeting.wait(SOON)
            except threading.BrokenBarrierError:
                raise Planned from None

    yield "returns a thread"
    began = time.monotonic()
    thread = Wait.perform_async(2, 3)
    took, early = time.monotonic() - began, not done.is_set()
    if not isinstance(thread, threading.Thread):
        raise Wrong("a `threading.Thread`", f"{thread!r}", "what does `perform_async` return?")

    yield "returns before the work is done"
    if not early:
        raise Wrong("the call to return while the job is at work", "it returned after the job", "who does the work?")
    yield Saw(f"{took:.2f} s")

    yield "has started the thread"
    if thread.ident is None:
        raise Wrong("a thread that runs", "one that was not started", "what makes a thread begin?")

    yield "the thread does the job, with the arguments"
    go.set()
    thread.join(SOON)
    if got != [(2, 3)]:
        raise Wrong("one job with (2, 3)", f"{got}", "`target=` and `args=`")

    yield "the job goes through `perform_now`"
    if through != [(2, 3)]:
        raise Wrong(
            "one call of `perform_now` with (2, 3)",
            f"{through}",
            "is the target `cls.perform_now`? `super()` leaves out what a subclass adds",
        )

    yield "five jobs work at the same time"
    threads = [Meet.perform_async() for _ in range(5)]
    for thread in threads:
        thread.join(SOON + 1)
    if meeting.broken:
        raise Wrong(
            "five jobs in hand at once, each waiting for the others", "they never met", "what do they wait for?"
        )


@exercise(
    lesson=2,
    answer="Polite",
    hints=[
        "`cls.places.acquire()` takes a place, and waits for one when there is none. Who must wait: the caller, or the "
        "thread?",
        "The caller takes the place, before there is a thread. The thread gives it back, when the job is over.",
        "The thread needs a function of its own, with `try: cls.perform_now(*args)` and "
        "`finally: cls.places.release()`.",
    ],
)
def limit(polite: Any) -> Steps:
    """A `perform_async` that has at most five threads: the sixth caller waits until one has ended."""
    go = [threading.Event() for _ in range(8)]
    begun: list[int] = []
    done: list[int] = []
    through: list[Any] = []
    called: list[Any] = []
    fine = threading.Event()

    class Wait(polite):  # type: ignore[misc]
        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            through.append(args)
            return super().perform_now(*args)

        def perform(self, number: int) -> None:
            begun.append(number)
            go[number].wait(2 * SOON)
            done.append(number)

    class Fails(polite):  # type: ignore[misc]
        def perform(self, error: BaseException) -> None:
            raise error

    class Fine(polite):  # type: ignore[misc]
        def perform(self) -> None:
            fine.set()

    def call() -> None:
        for number in range(8):
            called.append(Wait.perform_async(number))

    yield "lets five work at the same time"
    caller = threading.Thread(target=call, name="the check's caller")
    caller.start()
    if not until(lambda: len(begun) >= 5):
        raise Wrong("5 jobs in hand", f"{len(begun)}", "does the call wait for its own job? How many places are there?")

    yield "no sixth job is begun meanwhile"
    if until(lambda: len(begun) > 5, QUIET):
        raise Wrong("5 jobs in hand", f"{len(begun)}", "is a place given back before the job is over?")
    yield Saw("5 in hand")

    yield "the sixth caller waits"
    if until(lambda: len(called) > 5, QUIET):
        raise Wrong("5 calls that returned", f"{len(called)}", "is the place taken by the caller, or in the thread?")

    yield "returns the threads"
    if not all(isinstance(thread, threading.Thread) for thread in called):
        raise Wrong("a thread from each call", f"{called[0]!r}", "what does `perform_async` return?")

    yield "the jobs go through `perform_now`"
    if len(through) != 5:
        raise Wrong(
            "5 calls of `perform_now`",
            f"{len(through)}",
            "is it `cls.perform_now`? `super()` leaves out what a subclass adds",
        )

    yield "a job that ends lets the next one begin"
    go[4].set()  # the last one: nobody knows which one ends first
    if not until(lambda: len(begun) >= 6):
        raise Wrong("6 jobs begun after the first has ended", f"{len(begun)}", "who gives the place back?")
    if until(lambda: len(begun) > 6, QUIET):
        raise Wrong("one more job for one that has ended", f"{len(begun) - 5}", "how often is a place given back?")

    yield "all jobs are done in the end"
    for event in go:
        event.set()
    caller.join(SOON / 2)
    if not until(lambda: len(done) == 8):
        raise Wrong("8 jobs done", f"{len(done)}", "how many places have come back?")
    yield Saw("8 of 8")

    yield "a job that fails gives its place back"

    def call_failing() -> None:
        for _ in range(6):
            Fails.perform_async(Planned())
            Fails.perform_async(SystemExit())
        Fine.perform_async()

    threading.Thread(target=call_failing, name="the check's caller").start()
    if not fine.wait(SOON):
        raise Wrong("a good job to begin after failed ones", "it still waits for a place", "`finally`: `sys.exit`, too")


@exercise(
    lesson=2,
    answer="WithResult",
    hints=[
        "`concurrent.futures.Future()` is a place for a result that is not there yet. The caller gets it at once.",
        "The thread runs a function of yours: it calls `perform_now`, and gives the future what came of it.",
        "`future.set_result(…)` when it returned, and `future.set_exception(error)` in an `except BaseException as "
        "error:`.",
    ],
)
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
