"""The check of exercise 1 of lesson 2."""

import sys
import threading
import time
from typing import Any

from luffy_lesson.classroom.check.cases import draw, things
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import AT_ONCE, SOON

MANY = 30
"""How many jobs work at once: more than the lesson has."""

CALLERS = 8
"""How many threads call at once."""


@exercise(number=1, answer="MyWorker")
def perform_async(my_worker: Any) -> Steps:
    """Rebuild step 2: `perform_async` starts the work in a thread, and returns the thread at once."""
    cases = draw("perform_async")
    go, done = threading.Event(), threading.Event()
    through: list[tuple[Any, ...]] = []
    got: list[tuple[tuple[Any, ...], threading.Thread]] = []
    meeting = threading.Barrier(MANY)
    at_work: list[Any] = []
    most: list[int] = []  # that were at work when another one began
    begun: dict[int, float] = {}  # when each was
    threads: dict[int, threading.Thread] = {}  # in which each was

    class Wait(my_worker):  # type: ignore[misc]
        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            through.append(args)
            return super().perform_now(*args)

        def perform(self, *args: Any) -> None:
            go.wait(SOON)
            got.append((args, threading.current_thread()))
            done.set()

    class Note(my_worker):  # type: ignore[misc]
        def perform(self, number: int) -> None:
            begun[number], threads[number] = time.monotonic(), threading.current_thread()
            go.wait(SOON)

    class Meet(my_worker):  # type: ignore[misc]
        def perform(self) -> None:
            at_work.append(self)
            most.append(len(at_work))
            try:
                meeting.wait(SOON)
            except threading.BrokenBarrierError:
                raise Planned from None
            finally:
                at_work.remove(self)

    yield "returns a thread"
    began = time.monotonic()
    thread = Wait.perform_async(2, 3)
    took, early = time.monotonic() - began, not done.is_set()
    if not isinstance(thread, threading.Thread):
        raise Wrong("a `threading.Thread`", f"{thread!r}", "what does `perform_async` return?")

    yield "returns before the work is done"
    if not early:
        raise Wrong("the call to return while the job is at work", "it returned after the job", "who does the work?")
    for number in range(5):  # the machine may be busy: the quickest call counts
        if took > AT_ONCE:
            began = time.monotonic()
            Note.perform_async(number)
            took = min(took, time.monotonic() - began)
    if took > AT_ONCE:
        raise Wrong("the call to return at once", f"{took:.2f} s later", "for what does the caller wait?")
    yield Saw(f"{took:.2f} s")

    yield "has started the thread"
    if thread.ident is None:
        raise Wrong("a thread that runs", "one that was not started", "what makes a thread begin?")

    yield "the thread does the job, with the arguments"
    go.set()
    thread.join(SOON)
    if [args for args, _ in got] != [(2, 3)]:
        raise Wrong("one job with (2, 3)", f"{[args for args, _ in got]}", "`target=` and `args=`")
    if got[0][1] is not thread:
        raise Wrong("the thread that does the job", "another one", "which thread is returned?")
    if thread.is_alive():
        raise Wrong("the thread to end with its job", "it goes on", "does it wait for another job?")

    yield "a script waits for the thread before it ends"
    if thread.daemon:
        raise Wrong("a thread for which Python waits", "a daemon thread", "`daemon=`: what becomes of its job then?")

    yield "begins the job at once"
    late = []
    numbers = range(100, 103)
    called = [(time.monotonic(), Note.perform_async(number)) for number in numbers]
    for number, (began, thread) in zip(numbers, called, strict=True):
        thread.join(SOON)
        late.append(begun.get(number, began + SOON) - began)
    if min(late) > 5 * AT_ONCE:
        raise Wrong("the job to begin at once", f"{min(late):.1f} s later", "what does the thread do before the job?")

    yield "the job goes through `perform_now`"
    if through[:1] != [(2, 3)]:
        raise Wrong(
            "one call of `perform_now` with (2, 3)",
            f"{through[:1]}",
            "is the target `cls.perform_now`? `super()` leaves out what a subclass adds",
        )

    yield "hands on any arguments"
    for args in [(), ([2, 3],), *(tuple(things(cases)[:many]) for many in range(1, 6))]:
        got.clear()
        if not isinstance(thread := Wait.perform_async(*args), threading.Thread):
            raise Wrong(f"a thread for the arguments {args}", f"{thread!r}", "what does `perform_async` return?")
        thread.join(SOON)
        if [list(map(id, each)) for each, _ in got] != [list(map(id, args))]:
            raise Wrong(f"one job with the arguments {args}", f"{[each for each, _ in got]}", "`target=` and `args=`")

    yield "starts a thread for each job"
    meet = [Meet.perform_async() for _ in range(MANY)]
    if len(set(meet)) != MANY:
        seen = f"{len(set(meet))} of them"
        raise Wrong(f"{MANY} threads for {MANY} jobs", seen, "is a thread returned that an earlier call has started?")

    yield f"{MANY} jobs work at the same time"
    for thread in meet:
        thread.join(SOON + 1)
    if meeting.broken:
        raise Wrong(f"{MANY} jobs at work at once", f"{max(most)} of them", "for what does a job wait, or its caller?")

    yield "each of several callers gets the thread of its own job"
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns more often
    for first in range(0, 5 * CALLERS, CALLERS):
        returned: dict[int, Any] = {}
        together = threading.Barrier(CALLERS)

        def call(number: int, returned: dict[int, Any] = returned, together: threading.Barrier = together) -> None:
            together.wait(SOON)
            returned[number] = Note.perform_async(number)

        callers = [
            threading.Thread(target=call, args=(number,), name="the check's caller")
            for number in range(first, first + CALLERS)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(SOON)
        for number, thread in returned.items():
            thread.join(SOON)
            if threads.get(number) is not thread:
                seen = f"the thread of another one from {CALLERS} calls at once"
                raise Wrong("the thread of the caller's own job", seen, "what is kept where all calls see it?")
    sys.setswitchinterval(usual)
