"""The exercises of lesson 3."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Planned, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, is_empty, until
from luffy_lesson.step3_memory_queue import Job, Pool, Processor, Worker


class Call(Worker):
    """A job of the check: it calls a function."""

    def perform(self, function: Callable[[], Any]) -> None:
        """Call it."""
        function()


def job(function: Callable[[], Any]) -> Job:
    """Return a job that calls `function`."""
    return Job(Call, (function,))


def fail() -> None:
    """Be a job that fails."""
    raise Planned


@exercise(
    lesson=3,
    answer="MyProcessor",
    hints=[
        "`run` is a loop, until `self.stopping.is_set()`. In it: take a job, perform it, say that it is done.",
        "`self.backend.get(timeout=0.1)` raises `queue.Empty` when nothing came. Then `continue`, and the loop looks "
        "at the flag again.",
        "`try: job.perform()`, `except BaseException: pass`, `finally: self.backend.task_done()`. `stop` sets the "
        "flag and joins the thread.",
    ],
)
def processor(my_processor: Any) -> Steps:
    """Rebuild the processor of step 3: its loop, and its `stop`."""
    backend: queue.Queue[Job] = queue.Queue()
    done: list[Any] = []
    go, begun, stopped = threading.Event(), threading.Event(), threading.Event()

    def all_done() -> bool:
        return until(lambda: backend.unfinished_tasks == 0)

    def work() -> None:
        begun.set()
        go.wait(SOON)
        done.append("the job in hand")

    def stop() -> None:
        one.stop()
        stopped.set()

    yield "performs the job that waits"
    one = my_processor(backend)
    one.thread.start()
    if until(lambda: not one.thread.is_alive(), 2 * QUIET):  # nothing waits yet
        raise Wrong(
            "the thread to wait for a job",
            "it has ended",
            "when does the loop end? What becomes of `queue.Empty`, and is it `is_set()`?",
        )
    backend.put(job(lambda: done.append(backend.unfinished_tasks)))
    if not until(lambda: done or not one.thread.is_alive()) or not done:
        raise Wrong("the job to be performed", "it was not", "what does the loop do with what `get` returns?")

    yield "says that it is done"
    if not all_done():
        raise Wrong("`task_done()` after the job", "none", "who tells `join()` that the job is finished?")

    yield "says so after the work"
    if done != [1]:
        raise Wrong(
            "the job to count as unfinished while it is at work", "it did not", "where is `task_done()` called?"
        )

    yield "goes on after a job that raises, or that calls `sys.exit`"
    backend.put(job(fail))
    backend.put(job(sys.exit))
    backend.put(job(lambda: done.append("the next")))
    if not until(lambda: done[-1] == "the next"):
        raise Wrong(
            "the next job to be performed", "the thread has ended", "what is caught? SystemExit is no Exception"
        )

    yield "says of the failed job that it is done, too"
    if not all_done():
        raise Wrong("`task_done()` for both jobs", f"{backend.unfinished_tasks} missing", "`finally`")

    yield "`stop()` ends it when there is nothing to do"
    stopper = threading.Thread(target=stop, name="the check's caller")
    stopper.start()
    stopper.join(SOON)
    if not until(lambda: not one.thread.is_alive(), 1):
        raise Wrong(
            "the thread to end",
            "it goes on",
            "does `get` come back when no job comes? Does the loop ask the flag then?",
        )
    if not stopped.is_set():
        raise Wrong("`stop()` to return", "it still waits", "for what does it wait?")
    stopped.clear()

    yield "`stop()` lets the job in hand finish, and waits for it"
    one = my_processor(backend)
    backend.put(job(work))
    one.thread.start()
    begun.wait(SOON)
    backend.put(job(lambda: done.append("taken after the stop")))
    stopper = threading.Thread(target=stop, name="the check's caller")
    stopper.start()
    if stopped.wait(QUIET):
        raise Wrong("`stop()` to return when the job in hand is finished", "it returned before", "`join()`")
    go.set()
    stopper.join(SOON)
    if not stopped.is_set():
        raise Wrong(
            "`stop()` to return when the job in hand is finished", "it still waits", "does the loop look at the flag?"
        )
    if "the job in hand" not in done:
        raise Wrong("the job in hand to be finished", "it was not", "what happens between `get` and `task_done`?")

    yield "takes no more jobs after that"
    if (waiting := backend.qsize()) > 1:
        raise Wrong("the job behind it to wait still, alone", f"{waiting} in the queue", "what does `stop` put in?")
    if backend.qsize() != 1:
        raise Wrong(
            "the job behind it to wait still",
            "it was taken",
            "when does `stop` raise the flag, and when does the loop look at it?",
        )


@exercise(
    lesson=3,
    answer="stop_within",
    hints=[
        "Two loops: the first raises all flags, `processor.stopping.set()`; the second waits for the threads.",
        "`thread.join(seconds)` waits so long for one thread. Four late ones must share the time: how much is left?",
        "`deadline = time.monotonic() + seconds`, and then `thread.join(max(0, deadline - time.monotonic()))`. At the "
        "end, the names of those with `thread.is_alive()`.",
    ],
)
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


@exercise(
    lesson=3,
    answer="TwoPriorities",
    hints=[
        "A `PriorityQueue` hands out the smallest first. Tuples are compared from the left: `(not urgent, …, job)`.",
        "Of two that are equally urgent, the number decides in which order they came: one `itertools.count()` for the "
        "queue.",
        "`super().put((not getattr(job.worker, 'urgent', False), next(self.numbers), job))`, and "
        "`return super().get(block, timeout)[-1]`.",
    ],
)
def priorities(two_priorities: Any) -> Steps:
    """A queue with two priorities: what is urgent goes first, and in order."""

    performed: list[Worker] = []

    class Urgent(Worker):
        urgent = True

        def perform(self, _: Any) -> None:
            performed.append(self)

    class Usual(Worker):  # says nothing of `urgent`: most do not
        def perform(self, _: Any) -> None:
            performed.append(self)

    class Calm(Usual):
        urgent = False

    def order(*jobs: Job) -> list[Any]:
        waiting = two_priorities()
        for each in jobs:
            waiting.put(each)
        return [waiting.get(timeout=1) for _ in jobs]

    def shown(jobs: list[Any]) -> str:
        return ", ".join(map(str, jobs))

    usual, urgent = [Job(Usual, (n,)) for n in (9, 8, 7)], [Job(Urgent, (n,)) for n in (6, 5, 4)]
    calm = Job(Calm, (3,))

    yield "hands out the job that was put in"
    if (got := order(usual[0])) != [usual[0]]:
        raise Wrong(f"{usual[0]}", f"{got[0]!r}", "what does `get` take out of what it finds?")

    yield "hands out what is urgent first"
    if (got := order(usual[0], urgent[0])) != [urgent[0], usual[0]]:
        raise Wrong(f"{urgent[0]}, then {usual[0]}", shown(got), "`False` is smaller than `True`")

    yield "a worker with `urgent = False` is not urgent"
    if (got := order(calm, urgent[0])) != [urgent[0], calm]:
        raise Wrong(f"{urgent[0]}, then {calm}", shown(got), "whether it *has* `urgent`, or what that is")

    yield "keeps the order of equally urgent ones"
    jobs = [job for pair in zip(usual, urgent, strict=True) for job in pair]
    if (got := order(*jobs)) != urgent + usual:
        raise Wrong(shown(urgent + usual), shown(got), "what is compared when both are urgent?")
    waiting = two_priorities()
    for each in usual[:2]:
        waiting.put(each)
    got = [waiting.get(timeout=1)]
    waiting.put(usual[2])
    got += [waiting.get(timeout=1), waiting.get(timeout=1)]
    if got != usual:
        raise Wrong(shown(usual), shown(got), "may two jobs have the same number?")
    yield Saw(shown(urgent + usual))

    yield "raises `queue.Empty` when nothing comes in time"
    is_empty(lambda: two_priorities().get(timeout=0.1))

    yield "does not wait with `block=False`"
    is_empty(lambda: two_priorities().get(block=False))

    yield "is a backend: processors take the jobs, and `join()` ends"
    backend = two_priorities()
    for each in jobs:
        backend.put(each)
    pool = Pool(Processor, 2, backend).start()
    joining = threading.Thread(target=backend.join, name="the check's own", daemon=True)
    joining.start()
    ended = until(lambda: len(performed) == len(jobs) and not joining.is_alive(), SOON / 2)
    pool.stop(SOON)
    if not ended or backend.qsize():
        seen = f"{len(performed)} done" + (", and `join()` waits" if joining.is_alive() else "")
        raise Wrong("all six jobs done, and `join()` to end", seen, "which methods did you override?")
