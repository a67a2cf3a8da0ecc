"""The check of exercise 3 of lesson 3."""

import threading
from typing import Any

from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.waiting import SOON, is_empty, until
from luffy_lesson.step3_memory_queue import Job, Pool, Processor, Worker


@exercise(number=3, answer="TwoPriorities")
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
