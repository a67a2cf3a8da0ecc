"""The check of exercise 2 of lesson 3."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.jobs import job
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until
from luffy_lesson.step3_memory_queue import Job, Pool, Processor


@exercise(number=2, answer="stop_within")
def stop_within(stop_within: Callable[..., Any]) -> Steps:
    """Stop processors within a deadline, and say who is late."""
    go = threading.Event()
    backend: queue.Queue[Job] = queue.Queue()
    processors: list[Processor] = []

    def begin(*functions: Callable[[], Any]) -> None:
        processors[:] = Pool(Processor, len(functions), backend).start().processors
        for function in functions:
            backend.put(job(function))
        if not until(lambda: backend.qsize() == 0):
            raise RuntimeError("The check's own processors have not begun.")

    def names(late: Any) -> list[str]:
        if not isinstance(late, list | tuple | set):
            raise Wrong("a list of names", f"{late!r}", "what does the function return?")
        return sorted(map(str, late))

    def all_ended() -> bool:
        go.set()
        return until(lambda: not any(one.thread.is_alive() for one in processors))

    yield "stops processors that are idle"
    begin(*[lambda: None] * 3)
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

    yield "tells all of them before it waits for the first"
    told: list[bool] = []
    begin(*[lambda: told.append(all(one.stopping.wait(1) for one in processors))] * 2)
    stop_within(processors, SOON)
    if told != [True, True]:
        raise Wrong(
            "all flags raised while the first is at work", "not all", "one loop that tells, then one that waits"
        )

    yield "waits for a job that ends in time"
    begin(lambda: time.sleep(3 * QUIET), *[lambda: None] * 3)
    late = stop_within(processors, SOON)
    if names(late) != [] or any(one.thread.is_alive() for one in processors):
        raise Wrong("to wait until the job was done", f"{late!r} at once", "how long does `join` wait?")

    yield "names those who are late"
    begin(*[lambda: go.wait(2 * SOON)] * 4)
    began = time.monotonic()
    late = stop_within(processors, 0.5)
    took = time.monotonic() - began
    expected = sorted(one.thread.name for one in processors)
    if names(late) != expected:
        raise Wrong(f"{expected}", f"{late!r}", "`is_alive()` and `name` of each thread")

    yield "lets those who are late share the time"
    all_ended()
    if took > 1.5:
        raise Wrong(
            "0.5 s for four late processors together", f"{took:.1f} s", "how much of the time is left for each?"
        )
    yield Saw(f"{took:.1f} s for all four")
