"""The check of exercise 1 of lesson 3."""

import functools
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.jobs import fail, job
from luffy_lesson.classroom.check.sandbox import Planned, PlannedInterrupt, Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, joins_run_out, until
from luffy_lesson.step3_memory_queue import Job, Worker

MANY = 12
"""How many jobs are more than a few."""

MINUTE = 60
"""So many seconds nothing comes, in the beginning, by the clock of the processor. They are over at once."""

SELDOM = 0.05
"""Who waits so many seconds for a job does rest."""

RESTLESS = 3000
"""How often somebody looks who never rests, at least, while the check waits for nothing."""


class Looked(queue.Queue[Any]):
    """A queue that counts how often somebody looks, and can do something once a job is taken."""

    looks = 0
    skipped = 0.0  # seconds of waiting for nothing, for all queues
    taken: Callable[[], Any] | None = None

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a thing. Where there is none, the first minute of waiting takes no time."""
        if block and not self.queue and Looked.skipped < MINUTE and (timeout or 0) >= SELDOM:
            Looked.skipped += timeout or 0
            raise queue.Empty
        self.looks += 1
        thing = super().get(block, timeout)
        if self.taken:
            self.taken()
        return thing

    def qsize(self) -> int:
        """Return how many there are."""
        self.looks += 1
        return super().qsize()

    def empty(self) -> bool:
        """Whether there is none."""
        self.looks += 1
        return super().empty()


class Empty(Planned, queue.Empty):
    """What a job raises that takes from a queue of its own."""


def skipping(clock: Callable[[], float]) -> Callable[[], float]:
    """Return a clock that is right in the main thread, and in others as much later as they did not have to wait."""
    main = threading.main_thread()
    return lambda: clock() + (0 if threading.current_thread() is main else Looked.skipped)


def interrupt() -> None:
    """Be a job that is interrupted."""
    raise PlannedInterrupt


def take() -> None:
    """Be a job that finds a queue of its own empty."""
    raise Empty


@exercise(number=1, answer="MyProcessor")
def processor(my_processor: Any) -> Steps:
    """Rebuild the processor of step 3: its loop, and its `stop`."""
    random = draw("processor")
    backend, done = Looked(), list[Any]()
    go, begun, stopped = threading.Event(), threading.Event(), threading.Event()
    at_work = threading.Lock()

    class Task(Worker):
        """A job that notes what it was given, and whether another is at work."""

        through: list[tuple[Any, ...]] = []
        alone = True

        @classmethod
        def perform_now(cls, *args: Any) -> Any:
            cls.through.append(args)
            return super().perform_now(*args)

        def perform(self, *args: Any) -> Any:
            if not at_work.acquire(blocking=False):
                Task.alone = False
                return None
            time.sleep(0.005)
            at_work.release()
            done.append(args)
            return random.choice([0, "", None, False, [], "a result"])

    def all_done() -> bool:
        return until(lambda: backend.unfinished_tasks == 0)

    def count() -> None:
        time.sleep(0.05)
        done.append(backend.unfinished_tasks)

    def work() -> None:
        begun.set()
        go.wait(2 * SOON)
        done.append("the job in hand")

    def stop(which: Any) -> threading.Thread:
        def call() -> None:
            which.stop()
            stopped.set()

        stopped.clear()
        return threading.Thread(target=call, name="the check's caller")

    def held(*behind: Job) -> Any:
        """Return a processor with a job in hand that waits for `go`, and others behind it in the queue."""
        made = my_processor(backend)
        begun.clear()
        go.clear()
        for each in (job(work), *behind):
            backend.put(each)
        made.thread.start()
        if not begun.wait(SOON):
            raise Wrong("another processor to begin its work", "it does not", "whose flag was raised before?")
        return made

    yield "performs the job that waits"
    for clock in ("monotonic", "time", "perf_counter"):
        setattr(time, clock, skipping(getattr(time, clock)))
    one = my_processor(backend)
    one.thread.start()
    if until(lambda: not one.thread.is_alive(), 2 * QUIET):  # nothing waits yet
        raise Wrong(
            "the thread to wait for a job, however long",
            f"it has ended after {Looked.skipped:.1f} s",
            "when does the loop end? What becomes of `queue.Empty`, and is it `is_set()`?",
        )
    looks = backend.looks
    backend.put(job(count))
    if not until(lambda: done or not one.thread.is_alive(), SOON / 2) or not done:
        raise Wrong("the job to be performed", "it was not", "what does the loop do with what `get` returns?")

    yield "says that it is done"
    if not all_done():
        raise Wrong("`task_done()` after the job", "none", "who tells `join()` that the job is finished?")

    yield "says so after the work"
    if len(done) > 1:
        raise Wrong("one call of the job", f"{len(done)} of them", "who performs it again?")
    if done != [1]:
        raise Wrong(
            "the job to count as unfinished while it is at work", "it did not", "where is `task_done()` called?"
        )

    yield "rests while nothing waits"
    if looks > RESTLESS:
        raise Wrong(
            "a processor that waits for a job", f"one that looked {looks:,} times in half a second", "`get(timeout=…)`"
        )

    yield "performs many jobs, one after another, through `perform_now`"
    tasks = [Job(Task, tuple(random.sample(range(100), number % 4))) for number in range(MANY)]
    wanted = [task.args for task in tasks]
    done.clear()
    for task in tasks:
        backend.put(task)
    until(lambda: backend.unfinished_tasks == 0 or not one.thread.is_alive(), 1.5 * SOON)
    if backend.unfinished_tasks:
        raise Wrong(
            f"`task_done()` for {MANY} jobs",
            f"{backend.unfinished_tasks} without" if one.thread.is_alive() else "the thread has ended",
            "is it called whatever a job returns? Does anything sleep between two jobs?",
        )
    if not Task.alone:
        raise Wrong("one job at a time", "two at once", "which thread performs them?")
    if not until(lambda: len(done) >= MANY) or done != wanted:
        raise Wrong(f"the jobs {wanted}, each once", f"{done}", "in which order are they taken, how often performed?")
    if Task.through != wanted:
        raise Wrong("each job to pass `perform_now`", "it was gone past", "`job.perform()`")

    yield "goes on after a job that raises, or that calls `sys.exit`"
    fails: list[Callable[[], Any]] = [fail, sys.exit, interrupt, take]
    failing = [*fails, *random.choices([fail, sys.exit, take], k=4)]
    random.shuffle(failing)
    for each in failing:
        backend.put(job(each))
    backend.put(job(lambda: done.append("the next")))
    if not until(lambda: done[-1] == "the next" or not one.thread.is_alive()) or done[-1] != "the next":
        raise Wrong(
            "the next job to be performed",
            "it was not" if one.thread.is_alive() else "the thread has ended",
            "what is caught? SystemExit and KeyboardInterrupt are no Exception",
        )

    yield "says of the failed job that it is done, too"
    if not all_done():
        raise Wrong(
            f"`task_done()` for {len(failing)} failed jobs",
            f"{backend.unfinished_tasks} without",
            "`finally`. A job may raise `queue.Empty`, too: whose is it?",
        )

    yield "`stop()` ends it when there is nothing to do"
    stopper = stop(one)
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

    yield "`stop()` lets the job in hand finish, and waits for it"
    behind = [job(functools.partial(done.append, f"{number} after the stop")) for number in range(3)]
    with joins_run_out():  # also of a thread that it has for the job
        one = held(*behind)
        stopper = stop(one)
        stopper.start()
        if stopped.wait(QUIET):
            raise Wrong("`stop()` to return when the job in hand is finished", "it returned before", "`join()`")
    meanwhile = list(backend.queue)
    go.set()
    stopper.join(SOON)
    if not stopped.is_set():
        raise Wrong(
            "`stop()` to return when the job in hand is finished", "it still waits", "does the loop look at the flag?"
        )
    if "the job in hand" not in done:
        raise Wrong("the job in hand to be finished", "it was not", "what happens between `get` and `task_done`?")

    yield "takes no job before it can perform it"
    if len(meanwhile) < len(behind):
        seen = f"{len(meanwhile) or 'none'} left in it"
        raise Wrong("three jobs in the queue behind the one in hand", seen, "how many jobs are taken at a time?")

    yield "takes no more jobs after that"
    until(lambda: not one.thread.is_alive(), QUIET)
    if (waiting := len(backend.queue)) > len(behind):
        raise Wrong(
            "the three jobs behind it to wait still, alone", f"{waiting} in the queue", "what does `stop` put in?"
        )
    if waiting < len(behind):
        raise Wrong(
            "the three jobs behind it to wait still",
            f"{len(behind) - waiting} of them taken",
            "when does `stop` raise the flag, and when does the loop look at it?",
        )
    if list(backend.queue) != behind or backend.unfinished_tasks != len(behind):
        raise Wrong(
            "the three jobs behind it to wait as they did", "they were touched", "is one taken out and put back?"
        )

    yield "loses no job that it has taken already"
    backend = Looked()
    one = my_processor(backend)
    backend.taken = one.stopping.set
    backend.put(job(lambda: done.append("taken already")))
    one.thread.start()
    until(lambda: not one.thread.is_alive())
    if "taken already" not in done and not backend.queue:
        raise Wrong(
            "the job that it took as the flag was raised to be performed", "it is gone", "what is between `get` and it?"
        )

    yield "`stop()` stops nobody else"
    backend = Looked()
    one, other = held(), my_processor(backend)
    stopper = stop(one)
    other.thread.start()
    stopper.start()
    ended = until(lambda: not other.thread.is_alive(), QUIET)
    backend.put(job(lambda: done.append("by the other")))
    if ended or not until(lambda: done[-1] == "by the other"):
        raise Wrong("another one, on the same queue, to go on", "it has ended", "whom does what `stop` does reach?")
    go.set()
    stopper.join(SOON)
    stop(other).run()
    if not all_done():
        raise Wrong("nothing in the queue", f"{len(backend.queue)} of them", "what does `stop` put in?")
    yield Saw("two on one queue")
