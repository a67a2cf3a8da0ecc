"""The check of exercise 3 of lesson 3."""

import functools
import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from luffy_lesson.classroom.check.cases import draw
from luffy_lesson.classroom.check.exercise import exercise
from luffy_lesson.classroom.check.sandbox import Saw, Steps, Wrong
from luffy_lesson.classroom.check.takers import TAKERS, Waiting, waits
from luffy_lesson.classroom.check.waiting import SOON, clock_set, is_empty, until
from luffy_lesson.step3_memory_queue import Job, Pool, Processor, Worker

MANY = 1200
"""How many wait before an urgent one."""


def each_once(get: Callable[[], Any], put: Callable[[str], Any], jobs: int) -> Saw:
    """Raise `Wrong` unless threads that take jobs at the same time get each job once."""
    for number in range(jobs):
        put(str(number))
    got: list[Any] = []
    begin = threading.Barrier(TAKERS)

    def take() -> None:
        begin.wait(SOON)
        try:
            while True:
                got.append(get())
        except queue.Empty:
            pass

    threads = [threading.Thread(target=take, name="the check's own") for _ in range(TAKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SOON)
    often = [job for job, times in Counter(got).items() if times > 1]
    if often:
        look = "what may happen between looking and taking?"
        raise Wrong("each job once", f"{len(often)} of them twice or more", look)
    if len(got) != jobs:
        raise Wrong(f"{jobs} jobs", f"{len(got)} of them", "where may a job be lost, or a thread give up too soon?")
    return Saw(f"{jobs} jobs, {TAKERS} takers")


@exercise(number=3, answer="TwoPriorities")
def priorities(two_priorities: Any) -> Steps:
    """A queue with two priorities: what is urgent goes first, and in order."""
    random = draw("priorities")
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

    class Fire(Urgent):
        """Urgent, for its parent is."""

    def order(*jobs: Job) -> list[Any]:
        waiting = two_priorities()
        for each in jobs:
            waiting.put(each)
        return [waiting.get(timeout=1) for _ in jobs]

    def shown(jobs: list[Any]) -> str:
        return ", ".join(map(str, jobs))

    def is_urgent(one: Job) -> bool:
        return getattr(one.worker, "urgent", False)

    def cases(number: int) -> list[Job]:
        """Return jobs that cannot be compared, of all workers, some of them twice."""
        arguments = [{}, [1], "a", 7, None]
        workers = [Usual, Calm, Urgent, Fire]
        return [Job(random.choice(workers), (random.choice(arguments),)) for _ in range(number)]

    usual, urgent = [Job(Usual, (n,)) for n in (9, 8, 7)], [Job(Urgent, (n,)) for n in (6, 5, 4)]
    calm = Job(Calm, (3,))

    yield "hands out the job that was put in"
    if (got := order(usual[0])) != [usual[0]]:
        raise Wrong(f"{usual[0]}", f"{got[0]!r}", "what does `get` take out of what it finds?")

    yield "hands out what is urgent first"
    for first in (urgent[0], Job(Fire, (1,))):
        if (got := order(usual[0], first)) != [first, usual[0]]:
            raise Wrong(f"{first}, then {usual[0]}", shown(got), "`False` is smaller than `True`; who has `urgent`?")

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

    yield "keeps it when somebody sets the clock back"
    with clock_set(-3600):
        if (got := order(*usual)) != usual:
            raise Wrong(shown(usual), shown(got), "is a time of day compared?")

    yield "keeps it for many jobs, which come and go"
    waiting, model = two_priorities(), list[Job]()
    for each in cases(80):
        waiting.put(each)
        model.append(each)
        while model and random.random() < 0.4:
            wanted = next(filter(is_urgent, model), model[0])
            model.remove(wanted)
            if (one := waiting.get(timeout=1)) != wanted:
                raise Wrong(f"{wanted} after {80 - len(model)} jobs", f"{one}", "which number has a job?")
    in_order = sorted(model, key=lambda one: not is_urgent(one))
    got = [waiting.get(timeout=1) for _ in model]
    if got != in_order:
        raise Wrong(shown(in_order), shown(got), "which number has a job, and what is compared?")

    yield "keeps it when many put at once"
    waiting, begin = two_priorities(), threading.Barrier(4)

    def put_many(number: int) -> None:
        begin.wait(SOON)
        for place, worker in zip(range(40), itertools.cycle([Usual, Urgent]), strict=False):
            waiting.put(Job(worker, ({number: place},)))

    putting = [threading.Thread(target=put_many, args=[n], name="the check's own") for n in range(4)]
    for thread in putting:
        thread.start()
    for thread in putting:
        thread.join(SOON)
    got = [waiting.get(timeout=1) for _ in range(160)]
    for number in range(4):
        mine = [one for one in got if number in one.args[0]]
        if mine != sorted(mine, key=lambda one: (not is_urgent(one), one.args[0][number])):
            raise Wrong("the jobs of each caller in their order", "another order", "may two have the same number?")

    yield "raises `queue.Empty` when nothing comes in time"
    waits_so_long = Waiting(lambda timeout: two_priorities().get(timeout=timeout), 0, 0.3)
    in_place = Waiting(lambda timeout: two_priorities().get(True, timeout), 0.3)
    waits_so_long.gives_up("what is done with `timeout`?")

    yield "does not wait with `block=False`"
    waiting = two_priorities()
    waiting.put(usual[0])
    if (last := waiting.get(False)) != usual[0]:
        raise Wrong(f"{usual[0]}", f"{last!r}", "what does `get(False)` do when there is a job?")
    Waiting(lambda _: two_priorities().get(block=False), 0).gives_up("what is done with `block`?")
    Waiting(lambda _: two_priorities().get(False, 5), 0).gives_up("what is done with `block`, with a `timeout`?")

    yield "has `block` and `timeout` in this order"
    in_place.gives_up("in which order does `get` have its arguments?")

    yield "has jobs of its own"
    waiting, other = two_priorities(), two_priorities()
    waiting.put(usual[0])
    is_empty(lambda: str(other.get(block=False)))

    yield "hands out what is urgent first, however many wait"
    waiting = two_priorities()
    for number in range(MANY):
        waiting.put(Job(Usual, (number,)))
    waiting.put(urgent[0])
    if (one := waiting.get(timeout=1)) != urgent[0]:
        raise Wrong(f"{urgent[0]} before {MANY} others", f"{one}", "how many can it overtake? What is compared first?")

    yield "waits for a job that comes later, urgent or not"
    for later in (usual[0], urgent[0]):
        waiting = two_priorities()
        waits(lambda waiting=waiting: str(waiting.get()), functools.partial(waiting.put, later), str(later))  # type: ignore[misc]

    yield "gives each job to one taker only"
    waiting = two_priorities()
    yield each_once(lambda: waiting.get(timeout=0.2), lambda name: waiting.put(Job(Usual, (name,))), jobs=80)

    yield "is a backend: processors take the jobs, and `join()` ends"
    backend = two_priorities()
    for each in jobs:
        backend.put(each)
    if (size := backend.qsize()) != len(jobs):
        raise Wrong("a `qsize()` of 6", f"a `qsize()` of {size}", "whose `qsize` is it?")
    joining = threading.Thread(target=backend.join, name="the check's own", daemon=True)
    joining.start()
    joining.join(0.1)
    if not joining.is_alive():
        raise Wrong("`join()` to wait for six jobs", "it returned", "whose `join` is it?")
    pool = Pool(Processor, 2, backend).start()
    ended = until(lambda: len(performed) == len(jobs) and not joining.is_alive(), SOON / 2)
    pool.stop(SOON)
    if not ended or backend.qsize():
        seen = f"{len(performed)} done" + (", and `join()` waits" if joining.is_alive() else "")
        raise Wrong("all six jobs done, and `join()` to end", seen, "which methods did you override?")
