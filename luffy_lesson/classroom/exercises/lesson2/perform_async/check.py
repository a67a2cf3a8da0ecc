"""The check of exercise 1 of lesson 2."""

import threading
import time
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import SOON


@exercise(number=1, answer="MyWorker")
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
