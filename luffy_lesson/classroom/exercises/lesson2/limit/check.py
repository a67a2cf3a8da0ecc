"""The check of exercise 2 of lesson 2."""

import threading
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until


@exercise(number=2, answer="Polite")
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
