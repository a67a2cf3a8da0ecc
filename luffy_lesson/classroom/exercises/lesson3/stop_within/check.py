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
        go.wait(3 * SOON)

    def names(late: Any) -> list[str]:
        if not isinstance(late, list | tuple | set | frozenset):
            raise Wrong("a list of names", f"{late!r}", "what does the function return?")
        return sorted(map(str, late))

    def late_of(late: list[bool]) -> list[str]:
        return sorted(one.thread.name for one, is_late in zip(processors, late, strict=True) if is_late)

    def all_ended() -> bool:
        go.set()
        ended = until(lambda: not any(one.thread.is_alive() for one in processors))
        go.clear()
        return ended

    def timed(*functions: Callable[[], Any] | None) -> tuple[float, Any]:
        """Return how long the answer takes, and what it returns, of three times the best: a busy machine is slow."""
        for _ in range(3):
            begin(*functions)
            began = time.monotonic()
            late = stop_within(processors, SHORT)
            took = time.monotonic() - began
            found = late, late_of([one.thread.is_alive() for one in processors])
            all_ended()
            if took < 2 * SHORT:
                break
        return took, found

    yield "stops processors that are idle"
    begin(*[None] * 3)
    began = time.monotonic()
    late = stop_within(processors, SOON)
    took = time.monotonic() - began
    if any(one.thread.is_alive() for one in processors):
        raise Wrong("three threads that have ended", "some run", "whom does it tell, and whom does it wait for?")

    yield "returns as soon as all have ended"
    if took > 1.5:
        raise Wrong("an answer as soon as all three have ended", f"{took:.1f} s", "who waits: `sleep`, or `join`?")

    yield "returns an empty list when nobody is late"
    if names(late) != []:
        raise Wrong("[]", f"{late!r}", "who is still alive after the wait?")
    if names(late := stop_within([], SHORT)) != []:
        raise Wrong("[] when there are no processors", f"{late!r}", "what does it return when a loop has no turn?")

    yield "tells all of them before it waits for the first"
    told: list[bool] = []
    begin(*[lambda: told.append(all(one.stopping.wait(1) for one in processors))] * 2)
    stop_within(processors, SOON)
    if told != [True, True]:
        raise Wrong(
            "all flags raised while the first is at work", "not all", "one loop that tells, then one that waits"
        )

    yield "waits for a job that ends in time"
    begin(lambda: time.sleep(2 * QUIET), *[None] * 3)
    late = stop_within(processors, SOON)
    if names(late) != [] or any(one.thread.is_alive() for one in processors):
        raise Wrong("to wait until the job was done", f"{late!r} at once", "how long does `join` wait?")

    yield "names those who are late"
    took, (late, expected) = timed(*[wait] * 4)
    if names(late) != expected:
        raise Wrong(f"{expected}", f"{late!r}", "`is_alive()` and `name` of each thread")
    if took < SHORT - 0.05:
        raise Wrong(f"a wait of {SHORT} s", f"{took:.2f} s", "is a part of the second lost?")

    yield "lets those who are late share the time"
    if took > 2 * SHORT:
        raise Wrong(
            f"{SHORT} s for four late processors together", f"{took:.1f} s", "how much of the time is left for each?"
        )
    yield Saw(f"{took:.1f} s for all four")

    yield "names nobody else"
    for many in (3, 12):
        late_ones = [True, False, *random.choices([True, False], k=many - 2)]
        random.shuffle(late_ones)
        begin(*[wait if is_late else None for is_late in late_ones])
        late, expected = stop_within(processors, SHORT), late_of(late_ones)
        if names(late) != expected:
            raise Wrong(f"{expected} of {many} processors", f"{late!r}", "whose name is it, and who is still alive?")
        all_ended()
    begin(None, wait)
    for one in processors:
        one.thread.name = "Processor 0"  # of two pools
    if names(late := stop_within(processors, SHORT)) != ["Processor 0"]:
        raise Wrong("['Processor 0'], of two pools that have one each", f"{late!r}", "what is found by its name?")

    yield "can be called again, and leaves the processors as they were"
    before = list(processors)
    late = stop_within(processors, 0.1)
    if processors != before:
        raise Wrong("the list that it was given to stay as it is", f"{len(processors)} left in it", "`remove`")
    if names(late) != ["Processor 0"]:
        raise Wrong("['Processor 0'], who is still late", f"{late!r}", "what is left of the call before?")

    yield "does not wait with 0 seconds"
    began = time.monotonic()
    late = stop_within(processors, 0)
    if (took := time.monotonic() - began) > 1:
        raise Wrong("an answer at once", f"one after {took:.1f} s", "0 is a number of seconds, too")
    if names(late) != ["Processor 0"]:
        raise Wrong("['Processor 0']", f"{late!r}", "who is still alive?")
    all_ended()

    yield "waits as long when somebody sets the clock meanwhile"
    begin(lambda: time.sleep(QUIET), None)
    with clock_set(stop_within):
        late = stop_within(processors, SOON)
    if names(late) != []:
        raise Wrong("to wait until the job was done", f"{late!r} at once", "`time.monotonic()`, which nobody sets")
