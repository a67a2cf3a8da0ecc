"""Sliders for what Little's law says, and the picture of what jobs wait when they are let come by chance."""

import math
from typing import TYPE_CHECKING, Any

import ipywidgets

from luffy_lesson.classroom.experiments.waits import expected_wait, measured_wait
from luffy_lesson.classroom.page.display import Display, as_html, show_widget

if TYPE_CHECKING:
    from luffy_lesson.classroom.experiments.curve import Waiting

TEXT = "Sliders for jobs a second, seconds a job and processors; below, what follows from them."


def waiting(processors: int = 5, seconds: float = 0.002, jobs: int = 3000) -> "Waiting":
    """Measure for how long jobs wait while processors are busy half of the time, and more. Return a picture of it.

    Args:
        processors: how many there are.
        seconds: how long a job takes, on average.
        jobs: how many to let come for each point.
    """
    from luffy_lesson.classroom.experiments.curve import Waiting  # here, for matplotlib takes a while to import

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
        load = per_second * seconds
        wait = expected_wait(per_second, seconds, processors)
        if math.isinf(wait):
            rest = f"{processors} processors cannot do that: the queue grows as long as jobs come."
        else:
            rest = f"{processors} processors are busy {load / processors:.0%} of the time; a job waits {wait:.2f} s."
        self.answer = f"On average {per_second:g} · {seconds:g} = {load:g} jobs are in hand. {rest}"
        self._place.show(as_html(self.answer), self.answer)


def sliders() -> None:
    """Display sliders for jobs a second, seconds a job and processors, and what follows from them."""
    Sliders().show()
