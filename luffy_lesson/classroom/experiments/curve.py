"""The curve: a picture of how long jobs wait, the busier the processors are."""

from matplotlib.ticker import PercentFormatter

from luffy_lesson.classroom.experiments.waits import expected_wait
from luffy_lesson.classroom.page.palette import FAIL, INK, PALE, PAPER, WORK
from luffy_lesson.classroom.page.picture import Picture


class Waiting(Picture):
    """A matplotlib figure: the computed curve, and what was measured beside it."""

    def __init__(self, processors: int, measured: list[tuple[float, float]]) -> None:
        """Draw it.

        Args:
            processors: how many there are.
            measured: for how much of the time the processors were busy, and how long a job waited, in lengths of a job.
        """
        title = f"How long a job waits for one of {processors} processors, in lengths of a job"
        super().__init__(3.2, f"<Waiting: {processors} processors, {len(measured)} measured points>")
        self.suptitle(title, color=INK, fontsize=12, x=0.01, ha="left")
        axes = self.subplots()
        shares = [share / 1000 for share in range(400, 991)]
        axes.plot(shares, [expected_wait(share * processors, 1, processors) for share in shares], color=WORK)
        axes.plot(*zip(*measured, strict=True), "D", color=FAIL, label="measured now, on this machine")
        axes.lines[0].set_label("computed")
        top = expected_wait(0.97 * processors, 1, processors)
        axes.set(ylim=(0, max(top, *(wait for _, wait in measured)) * 1.05), facecolor=PAPER)
        axes.set_xlabel("how much of the time the processors are busy", color=INK)
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
        axes.grid(color=PALE, linewidth=0.5)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, labelcolor=INK)
