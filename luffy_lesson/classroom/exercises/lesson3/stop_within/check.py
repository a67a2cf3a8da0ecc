"""The check of exercise 2 of lesson 3."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.jobs import job
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, clock_set, until
from luffy_lesson.step3_memory_queue import Processor

SHORT = 0.4
"""How long those who are late are waited for, in seconds: no whole number."""

AT_ONCE = 0.35
"""How long an answer may take that has nothing to wait for, in seconds, in the best of three times."""


@exercise(number=2, answer="stop_within")
def stop_within(stop_within: Callable[..., Any]) -> Steps:
    """Stop processors within a deadline, and say who is late."""
    random = draw("stop_within")
    go = threading.Event()
    processors: list[Processor] = []

    def begin(*functions: Callable[[], Any] | None) -> None:
        """Start a processor with a job for each of these functions, or without one. Wait until they are at work."""
        names = random.sample(range(10, 100), len(functions))
        processors[:] = [Processor(number, queue.Queue()) for number in names]
        for one, function in zip(processors, functions, strict=True):
            if function:
                one.backend.put(job(function))
            one.thread.start()
        if not until(lambda: not any(one.backend.qsize() for one in processors)):
            raise RuntimeError("The check's own processors have not begun.")

    def wait() -> None:
        """Be a job that is late."""
        go.wait(4 * SHORT)

    def told_one(place: int) -> Callable[[], Any]:
        """Return a job that ends when its processor is told to stop."""
        return lambda: processors[place].stopping.wait(SOON)

    def names(late: Any) -> list[str]:
        if not isinstance(late, list | tuple | set | frozenset):
            raise Wrong(
                "a list of names", f"`{late!r}`, of the type {type(late).__name__}", "what does the function return?"
            )
        return sorted(map(str, late))

    def late_of(late: list[bool]) -> list[str]:
        return sorted(one.thread.name for one, is_late in zip(processors, late, strict=True) if is_late)

    def all_ended() -> bool:
        go.set()
        ended = until(lambda: not any(one.thread.is_alive() for one in processors))
        go.clear()
        return ended

    def ask(seconds: float) -> tuple[Any, float]:
        """Return what the answer returns, and how long it takes."""
        began = time.monotonic()
        return stop_within(list(processors), seconds), time.monotonic() - began

    yield "stops processors that are idle"
    begin(*[None] * 3)
    late, took = ask(SOON)
    if any(one.thread.is_alive() for one in processors):
        raise Wrong("three threads that have ended", "some run", "whom does it tell, and whom does it wait for?")

    yield "returns as soon as all have ended"
    if took < 1.5:
        for _ in range(3):  # a busy machine may be slow once
            begin(*[told_one(place) for place in range(3)])
            _, took = ask(SOON)
            if took < AT_ONCE:
                break
    if took > AT_ONCE:
        raise Wrong("an answer as soon as all three have ended", f"{took:.1f} s", "who waits: `sleep`, or `join`?")

    yield "returns an empty list when nobody is late"
    if names(late) != []:
        raise Wrong("[]", f"{late!r}", "who is still alive after the wait?")
    if names(late := stop_within([], SHORT)) != []:
        raise Wrong("[] when there are no processors", f"{late!r}", "what does it return when a loop has no turn?")

    yield "tells all of them before it waits for the first"
    told: list[bool] = []
    begin(*[lambda: told.append(all(one.stopping.wait(1) for one in processors))] * 2)
    ask(SOON)
    if told != [True, True]:
        raise Wrong(
            "all flags raised while the first is at work", "not all", "one loop that tells, then one that waits"
        )

    yield "waits for a job that ends in time"
    begin(lambda: time.sleep(QUIET), *[None] * 3)
    late, _ = ask(SOON / 2)
    if names(late) != [] or any(one.thread.is_alive() for one in processors):
        raise Wrong("to wait until the job was done", f"{late!r} at once", "how long does `join` wait?")

    yield "names those who are late"
    behind = job(lambda: None)
    for _ in range(2):  # a busy machine may be slow once
        begin(*[wait] * 4)
        for one in processors:
            one.backend.put(behind)
        late, took = ask(SHORT)
        expected = late_of([one.thread.is_alive() for one in processors])
        all_ended()
        left = [[one.backend.get(block=False) for _ in range(one.backend.qsize())] for one in processors]
        if took < 2 * SHORT:
            break
    if names(late) not in (expected, late_of([True] * 4)):
        raise Wrong(f"{expected}", f"{late!r}", "`is_alive()` and `name` of each thread")
    if took < SHORT - 0.05:
        raise Wrong(f"a wait of {SHORT} s", f"{took:.2f} s", "is a part of the second lost?")

    yield "lets those who are late share the time"
    if took > 2 * SHORT:
        raise Wrong(
            f"{SHORT} s for four late processors together", f"{took:.1f} s", "how much of the time is left for each?"
        )
    yield Saw(f"{took:.1f} s for all four")

    yield "leaves the jobs that wait in their queue"
    if left != [[behind]] * 4:
        seen = f"{', '.join(str(len(those)) for those in left)}"
        raise Wrong("1 job still behind each of the four late ones", seen, "what is taken from `backend`, or put in?")

    yield "names nobody else"
    late_ones = [True, False, *random.choices([True, False], k=10)]
    random.shuffle(late_ones)
    begin(*[wait if is_late else None for is_late in late_ones])
    late, _ = ask(SHORT)
    if names(late) != (expected := late_of(late_ones)):
        raise Wrong(f"{expected} of 12 processors", f"{late!r}", "whose name is it, and who is still alive?")
    all_ended()
    begin(None, wait, wait, None)
    for place, one in enumerate(processors):
        one.thread.name = f"Processor {place // 2}"  # of two pools
    late, _ = ask(SHORT)
    if names(late) != ["Processor 0", "Processor 1"]:
        wanted = "['Processor 0', 'Processor 1'], of two pools that have both, each with one late"
        raise Wrong(wanted, f"{late!r}", "what is found by its name?")

    yield "can be called again, and leaves the processors as they were"
    given = list(processors)
    stop_within(given, 0.1)
    if given != processors:
        raise Wrong("the list that it was given to stay as it is", f"{len(given)} left in it", "what is taken out?")
    all_ended()
    if (late := names(stop_within(given, 0.1))) != []:
        raise Wrong("[] once all have ended", f"{late!r}", "what is left of the call before?")

    yield "does not wait with 0 seconds"
    begin(wait, wait)
    late, took = ask(0)
    if took > SHORT + 0.5:
        raise Wrong("an answer at once", f"one after {took:.1f} s", "0 is a number of seconds, too")
    if names(late) != (expected := late_of([True, True])):
        raise Wrong(f"{expected}", f"{late!r}", "who is still alive?")
    all_ended()

    yield "waits as long when somebody sets the clock meanwhile"
    begin(lambda: time.sleep(QUIET), None)
    with clock_set():
        late, _ = ask(SOON)
    if names(late) != []:
        raise Wrong("to wait until the job was done", f"{late!r} at once", "`time.monotonic()`, which nobody sets")
