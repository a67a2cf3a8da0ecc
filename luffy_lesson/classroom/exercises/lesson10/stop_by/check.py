"""The check of exercise 1 of lesson 10."""

import threading
import time
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw, texts_of_jobs
from luffy_lesson.classroom.check.connection import connect, keys, new_key, nth, short, texts
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.processes import Gate
from luffy_lesson.classroom.check.sandbox import Steps, Wrong
from luffy_lesson.classroom.check.waiting import QUIET, SOON, clock_set, until

SHORT = 0.3
"""How long those who are late are waited for, in seconds: no whole number."""

AT_ONCE = 0.35
"""How long an answer may take that has nothing to wait for, in seconds, in the best of three times."""


class Processor:
    """A processor of the check: a thread with a flag, a list of jobs in flight, and the queue they came from."""

    def __init__(self, connection: Any, queue: str, work: Callable[["Processor"], Any], *jobs: str) -> None:
        """Begin to `work`. The first of `jobs` was taken first."""
        self.stopping = threading.Event()
        self.in_flight, self.queue = f"{new_key()}:in_flight", queue
        if jobs:
            connection.lpush(self.in_flight, *jobs)
        self.thread = threading.Thread(target=work, args=[self], name="Processor 0")  # the name tells nothing
        self.thread.start()


@exercise(number=1, answer="stop_by", uses_redis=True)
def stop_by(stop_by: Callable[..., Any]) -> Steps:
    """Stop processors within a deadline, and give back what is not done by then."""
    connection = connect()
    cases = draw("stop_by")
    go = threading.Event()

    def idle(processor: Processor) -> None:
        processor.stopping.wait(2 * SOON)

    def late(_: Processor) -> None:
        """Have a job that ignores everything."""
        go.wait(2 * SOON)

    def gone(_: Processor) -> None:
        """End with a job in hand."""

    def in_time(processor: Processor) -> None:
        """Have a job that takes a moment, and acknowledge it."""
        time.sleep(QUIET)
        connection.delete(processor.in_flight)

    def there(key: str) -> list[Any]:
        """Return the jobs of a list, the one that is taken next first."""
        return texts(connection.lrange(key, 0, -1))[::-1]

    def all_end(processors: list[Processor]) -> None:
        go.set()
        if not until(lambda: not any(one.thread.is_alive() for one in processors)):
            raise Wrong("the threads to end by themselves", "some run", "what is done to `thread`?")
        go.clear()

    with Gate() as gate:
        through_gate = gate.connect()

        def ask(processors: list[Processor], seconds: float) -> tuple[Any, float]:
            """Return what the answer returns, and how long it takes."""
            began = time.monotonic()
            return stop_by(through_gate, list(processors), seconds), time.monotonic() - began

        yield "stops processors that are idle"
        queue = new_key()
        processors = [Processor(connection, queue, idle) for _ in range(3)]
        answer, took = ask(processors, SOON)
        if any(one.thread.is_alive() for one in processors):
            raise Wrong("three threads that have ended", "some run", "whom does it tell, and whom does it wait for?")

        yield "returns as soon as all have ended"
        for _ in range(2):  # a busy machine may be slow once
            if took > AT_ONCE and took < SOON:
                _, took = ask([Processor(connection, queue, idle) for _ in range(3)], SOON)
        if took > AT_ONCE:
            raise Wrong("an answer as soon as all three have ended", f"{took:.1f} s", "who waits: `sleep`, or `join`?")

        yield "what is done in time does not go back"
        processors = [Processor(connection, queue, in_time, f"job {number}") for number in range(2)]
        answers = [answer, ask(processors, SOON)[0], ask([], SHORT)[0]]
        if found := there(queue):
            raise Wrong("nothing to go back: both were done in time", f"{found}", "how long does `join` wait?")
        if answers != [0] * 3:
            look = "what is counted?"
            raise Wrong("0, when all was done, and without processors", ", ".join(map(repr, answers)), look)

        yield "tells all of them before it waits for the first"
        told: list[bool] = []
        processors = []

        def tell(_: Processor) -> None:
            told.append(until(lambda: sum(one.stopping.is_set() for one in processors) == 2, 1))

        processors += [Processor(connection, queue, tell) for _ in range(2)]
        ask(processors, SOON)
        if told != [True, True]:
            raise Wrong(
                "all flags raised while the first is at work", "not all", "one loop that tells, then one that waits"
            )

        yield "is back in time, whatever a job does"
        mails, films = new_key(), new_key()
        for _ in range(2):  # a busy machine may be slow once
            connection.delete(mails, films)
            connection.lpush(mails, "waits longer", "waits")
            processors = [
                Processor(connection, mails, late, "first", "second", "third"),
                Processor(connection, films, late, "film"),
                Processor(connection, films, idle),
                Processor(connection, mails, late, "mail"),
                Processor(connection, films, late),
            ]
            others = Processor(connection, mails, gone, "others'")
            answer, took = ask(processors, SHORT)
            left = [there(one.in_flight) for one in processors]
            all_end(processors)
            if took < 2 * SHORT:
                break
        if took < SHORT - 0.05:
            raise Wrong(f"a wait of {SHORT} s", f"{took:.2f} s", "is a part of the second lost?")
        if took > 2 * SHORT:
            seen = f"{took:.1f} s"
            raise Wrong(f"{SHORT} s for four late ones together", seen, "how much of the time is left for each?")

        yield "leaves to others what they have in flight"
        if (found := there(others.in_flight)) != ["others'"]:
            raise Wrong("a list of another process to stay as it is", f"{found}", "whose lists are given back?")

        yield "what is not done goes back to its own queue"
        if any(left):
            raise Wrong(
                "nothing in flight any more",
                f"{[job for jobs in left for job in jobs]}",
                "does the command copy, or does it move?",
            )
        if there(films) != ["film"]:
            raise Wrong(
                "['film'] in the queue of its processor", f"{there(films)}", "which queue goes with which list?"
            )
        if sorted(there(mails)) != sorted(["first", "second", "third", "mail", "waits", "waits longer"]):
            look = "what is moved, and from which lists?"
            raise Wrong("four jobs back, beside the two that wait", f"{there(mails)}", look)

        yield "they are taken next, in the order in which they were taken"
        order = there(mails)
        if order[-2:] != ["waits longer", "waits"]:
            raise Wrong("the four before those that wait", ", ".join(order), "from which end is a job taken?")
        if (row := [job for job in order if job in ("first", "second", "third")]) != ["first", "second", "third"]:
            raise Wrong("first, second, third", ", ".join(row), "which of them must go back last?")

        yield "returns how many went back"
        if answer != 5 or isinstance(answer, bool):
            raise Wrong("5", f"{answer!r}", "what is counted: processors, or jobs?")

        yield "what a thread has left behind goes back, too"
        processors = [Processor(connection, queue, gone, "left"), Processor(connection, queue, idle)]
        processors[0].thread.join(SOON)
        answer, _ = ask(processors, SHORT)
        if there(queue) != ["left"] or answer != 1:
            seen = f"{there(queue)}, and {answer!r}"
            raise Wrong("the job of a thread that has ended, and 1", seen, "whose list does it not look at?")

        yield "a job is in one of the two lists at any moment"
        connection.delete(queue)
        one = Processor(connection, queue, gone, "first", "second")
        moments: list[list[Any]] = []
        gate.watch(lambda _: moments.append(there(one.in_flight) + there(queue)))
        ask([one], 0)
        gate.watch()
        for number, moment in enumerate(moments, 1):
            if sorted(moment) != ["first", "second"]:
                seen = f"{moment} before its {nth(number)} command"
                look = "and if it is killed there? Is there one command that does both?"
                raise Wrong("each of two jobs in one of the two lists", seen, look)

        yield "what is finished at the last moment does not go back"
        for finished in ("first", "second"):
            for number in range(1, 20):
                connection.delete(queue)
                one = Processor(connection, queue, gone, "first", "second")
                removed: list[int] = []

                def acknowledge(
                    command: int, number: int = number, job: str = finished, one: Any = one, removed: Any = removed
                ) -> None:
                    if command == number:
                        removed.append(connection.lrem(one.in_flight, -1, job))

                gate.watch(acknowledge)
                answer, _ = ask([one], 0)
                gate.watch()
                back = [job for job in ("first", "second") if job != finished or removed != [1]]
                if there(queue) != back or there(one.in_flight):
                    seen = f"{there(queue)}, and {there(one.in_flight)} in flight"
                    look = f"what may the thread do before your {nth(number)} command?"
                    raise Wrong(f"{back} to go back", seen, look)
                if answer != len(back):
                    raise Wrong(f"{len(back)}, for what went back", f"{answer!r}", "when is it counted?")
                if not removed:
                    break

        yield "a job may be any text, also an empty one, and there may be many"
        drawn = [*texts_of_jobs(cases), *[f"job {number}" for number in range(cases.randint(120, 150))], "last"]
        connection.delete(queue)
        one = Processor(connection, queue, gone, *drawn)
        answer, _ = ask([one], 0)
        if remaining := there(one.in_flight):
            seen = f"{len(remaining)} left in flight, {short(remaining[0])} first"
            raise Wrong(f"all of {len(drawn)} jobs to go back", seen, "how does it know that none is left?")
        if (order := there(queue)) != drawn or answer != len(drawn):
            seen = f"{answer!r} returned, and {len(order)} in the queue"
            raise Wrong(f"{len(drawn)} jobs in their order, some equal", seen, "what becomes of a text on its way?")

        yield "does not wait with 0 seconds"
        connection.delete(queue)
        processors = [Processor(connection, queue, late, "late") for _ in range(2)]
        answer, took = ask(processors, 0)
        all_end(processors)
        if took > SHORT + 0.5:
            raise Wrong("an answer at once", f"one after {took:.1f} s", "0 is a number of seconds, too")
        if answer != 2:
            raise Wrong("2 jobs back", f"{answer!r}", "what is done when there is no time?")

        yield "waits as long when somebody sets the clock meanwhile"
        connection.delete(queue)
        with clock_set():
            answer, _ = ask([Processor(connection, queue, in_time, "job") for _ in range(2)], SOON)
        if answer != 0:
            raise Wrong("both jobs to be done in time", f"{answer!r} back", "`time.monotonic()`, which nobody sets")
        connection.delete(*keys(connection, mails), *keys(connection, films), *keys(connection, queue))
