"""How many processors? What jobs wait when they come by chance: computed, and measured on a real queue."""

import math
import queue
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import ipywidgets

from luffy_lesson.classroom.display import Display, as_html, show_widget
from luffy_lesson.step3_memory_queue import Pool, Processor

if TYPE_CHECKING:
    from luffy_lesson.classroom.pictures.waiting import Waiting

TEXT = "Sliders for jobs a second, seconds a job and processors; below, what follows from them."


def expected_wait(per_second: float, seconds: float, processors: int) -> float:
    """Return for how many seconds a job waits on average, as Agner Krarup Erlang computed it in 1917.

    Jobs come by chance, and take by chance more or less time. For ever (`inf`), if more come than can be done.

    Args:
        per_second: how many jobs come in a second.
        seconds: how long one takes, on average.
        processors: how many there are.
    """
    in_hand = per_second * seconds  # Little's law
    if in_hand >= processors:
        return math.inf
    blocked = 1.0  # the share of jobs that would find all processors busy, if none waited
    for number in range(1, processors + 1):
        blocked = in_hand * blocked / (number + in_hand * blocked)
    waits = blocked / (1 - in_hand / processors * (1 - blocked))  # the share that does when they wait
    return waits * seconds / (processors - in_hand)


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


def waiting(processors: int = 5, seconds: float = 0.002, jobs: int = 3000) -> "Waiting":
    """Measure for how long jobs wait while processors are busy half of the time, and more. Return a picture of it.

    Args:
        processors: how many there are.
        seconds: how long a job takes, on average.
        jobs: how many to let come for each point.
    """
    from luffy_lesson.classroom.pictures.waiting import Waiting  # here, for matplotlib takes a while to import

    most = processors / seconds  # jobs a second that they can do
    return Waiting(
        processors,
        [measured_wait(share * most, seconds, processors, jobs) for share in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95)],
    )


class Sliders:
    """What Little's law says of the numbers that its sliders have."""

    def __init__(self) -> None:
        """Make the sliders: a website of five places, a second for each visit."""
        self.per_second = ipywidgets.FloatSlider(4, min=0.5, max=20, step=0.5, description="jobs a second")
        self.seconds = ipywidgets.FloatSlider(1, min=0.1, max=3, step=0.1, description="seconds a job")
        self.processors = ipywidgets.IntSlider(5, min=1, max=40, description="processors")
        self.answer = ""
        self._place = Display()
        sliders = [self.per_second, self.seconds, self.processors]
        for slider in sliders:
            slider.style.description_width = "8em"
            slider.observe(self.tell, "value")
        self.widget = ipywidgets.VBox(sliders)

    def show(self) -> None:
        """Display the sliders below the cell, and what follows below them: that stays in the notebook."""
        show_widget(self.widget, TEXT)
        self.tell()

    def tell(self, _: Any = None) -> None:
        """Say what follows."""
        per_second, seconds, processors = self.per_second.value, self.seconds.value, self.processors.value
        in_hand = per_second * seconds
        wait = expected_wait(per_second, seconds, processors)
        if math.isinf(wait):
            rest = f"{processors} processors cannot do that: the queue grows as long as jobs come."
        else:
            rest = f"{processors} processors are busy {in_hand / processors:.0%} of the time; a job waits {wait:.2f} s."
        self.answer = f"On average {per_second:g} · {seconds:g} = {in_hand:g} jobs are in hand. {rest}"
        self._place.show(as_html(self.answer), self.answer)


def sliders() -> None:
    """Display sliders for jobs a second, seconds a job and processors, and what follows from them."""
    Sliders().show()
