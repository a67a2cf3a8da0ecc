"""The check of exercise 1 of lesson 3."""

import queue
import sys
import threading
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.jobs import fail, job
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, until
from luffy_lesson.step3_memory_queue import Job


@exercise(number=1, answer="MyProcessor")
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
