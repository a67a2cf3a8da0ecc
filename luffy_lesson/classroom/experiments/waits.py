"""How many processors? What jobs wait when they come by chance: computed, and measured on a real queue."""

import math
import queue
import random
import threading
import time
from typing import Any

from luffy_lesson.step3_memory_queue import Pool, Processor


def expected_wait(per_second: float, seconds: float, processors: int) -> float:
    """Return for how many seconds a job waits on average, as Agner Krarup Erlang computed it in 1917.

    Jobs come by chance, and take by chance more or less time. For ever (`inf`), if more come than can be done.

    Args:
        per_second: how many jobs come in a second.
        seconds: how long one takes, on average.
        processors: how many there are.
    """
    load = per_second * seconds  # Little's law
    if load >= processors:
        return math.inf
    blocked = 1.0  # the share of jobs that would find all processors busy, if none waited
    for number in range(1, processors + 1):
        blocked = load * blocked / (number + load * blocked)
    waits = blocked / (1 - load / processors * (1 - blocked))  # the share that does when they wait
    return waits * seconds / (processors - load)


class Visit:
    """A job that takes the seconds it is told, and notes for how long it has waited, and worked."""

    def __init__(self, seconds: float, noted: list[tuple[float, float]]) -> None:
        """Make it: its waiting time begins."""
        self.seconds, self.noted, self.came = seconds, noted, time.monotonic()

    def perform(self) -> None:
        """Work."""
        began = time.monotonic()
        time.sleep(self.seconds)
        self.noted.append((began - self.came, time.monotonic() - began))


def measured_wait(per_second: float, seconds: float, processors: int, jobs: int) -> tuple[float, float]:
    """Let jobs come by chance to real processors on a real queue.

    Args:
        per_second: how many jobs come in a second.
        seconds: how long one takes, on average.
        processors: how many there are.
        jobs: how many come in all.

    Returns:
        For how much of the time the processors were busy, and how long a job waited, in lengths of a job.
    """
    backend: queue.Queue[Any] = queue.Queue()
    pool = Pool(Processor, processors, backend).start()
    noted, begin, never = list[tuple[float, float]](), time.monotonic(), threading.Event()
    due = begin
    try:
        for _ in range(jobs):
            due += random.expovariate(per_second)
            never.wait(max(0.0, due - time.monotonic()))
            backend.put(Visit(random.expovariate(1 / seconds), noted))
        backend.join()
        took = time.monotonic() - begin
    finally:
        pool.stop(timeout=30)
    waited, worked = map(sum, zip(*noted, strict=True))
    return worked / processors / took, waited / worked
