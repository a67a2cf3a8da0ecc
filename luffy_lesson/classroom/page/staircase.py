"""The staircase: a picture of the steps, each on top of the one below, with what it adds. Made from the modules."""

from matplotlib.patches import Rectangle

from luffy_lesson.classroom.page.palette import INK, PALE, PAPER, WORK
from luffy_lesson.classroom.page.picture import Picture
from luffy_lesson.classroom.page.source import added, lines_of_code
from luffy_lesson.host.steps import steps

WIDTH = 64
"""How many letters fit beside a step."""


class Staircase(Picture):
    """A matplotlib figure: a block for each step, as wide as its lines of code."""

    def __init__(self) -> None:
        """Draw the steps that there are."""
        lines = [lines_of_code(step) for step in steps()]
        names = [step.__name__.rpartition(".")[2] for step in steps()]
        adds = [_what(added(step)) for step in steps()]
        text = [f"{name}: {count} lines, {what}" for name, count, what in zip(names, lines, adds, strict=True)]
        super().__init__(0.7 * len(lines) + 0.3, "\n".join(text))
        axes = self.subplots()
        left = 0
        for row, (name, count, what) in enumerate(zip(names, lines, adds, strict=True)):
            axes.add_patch(Rectangle((0, row), left, 0.92, facecolor=PALE, alpha=0.5))
            axes.add_patch(Rectangle((left, row), count, 0.92, facecolor=WORK))
            left += count
            axes.text(left + 2, row + 0.62, f"{name}  +{count} lines", color=INK, weight="bold", va="center", size=10)
            axes.text(left + 2, row + 0.25, what, color=INK, va="center", size=9)
        axes.set(xlim=(0, left * 2), ylim=(-0.05, len(lines)), facecolor=PAPER)
        axes.axis("off")


def _what(names: list[str]) -> str:
    """Return the names on one line: what a learner calls goes before what the system needs for it."""
    names = sorted(names, key=lambda name: "." in name and not name.startswith("Worker."))
    most = len(names)
    while len(text := ", ".join(names[:most]) + f", and {len(names) - most} more" * (most < len(names))) > WIDTH:
        most -= 1
    return text
