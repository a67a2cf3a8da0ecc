"""The timeline: a picture of a run, with a row for each lane and a bar for each job."""

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from luffy_lesson.classroom.page.palette import FAIL, INK, PALE, PAPER, WAIT, WORK
from luffy_lesson.classroom.page.picture import Picture
from luffy_lesson.classroom.watch.record import JobRecord, Record

MOST_ROWS = 20
"""With more lanes than these, the first ones are shown."""


class Timeline(Picture):
    """A matplotlib figure: a row for each lane, a bar for each job."""

    def __init__(self, record: Record) -> None:
        """Draw what a board knows."""
        jobs = list(record.jobs)
        lanes = list(dict.fromkeys(lane.name for lane in record.lanes.values() if lane.processor or lane.last))
        rows = lanes[:MOST_ROWS]
        heights = [0.27 * max(len(rows), 2)] + [0.6] * any(length for _, length in record.lengths)
        super().__init__(1.2 + sum(heights), f"<Timeline: {summary(jobs, lanes, record.retries)}>")
        self.suptitle(title(jobs, lanes, record.retries), color=INK, fontsize=12, x=0.01, ha="left")
        axes = self.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        _rows(axes[0], jobs, rows)
        if len(heights) > 1:
            _queue(axes[1], record.lengths, max([job.finished for job in jobs], default=1.0))
        more = f" (and {len(lanes) - len(rows)} more lanes)" if len(lanes) > len(rows) else ""
        axes[-1].set_xlabel(f"seconds{more}", color=INK)
        kinds = [Patch(facecolor=WAIT, label="waiting"), Patch(facecolor=WORK, label="in hand")]
        kinds += [Patch(facecolor=PAPER, edgecolor=FAIL, hatch="////", label="failed")]
        kinds = kinds[len(heights) == 1 : 2 + any(job.error is not None for job in jobs)]
        self.legend(handles=kinds, loc="outside lower right", ncols=3, frameon=False, fontsize=9, labelcolor=INK)


def summary(jobs: list[JobRecord], lanes: list[str], retries: bool) -> str:
    """Return how many jobs and lanes there were: `20 jobs, 5 processors`; of jobs that were tried again, the tries."""
    kinds = {"Processor": "processor", "Thread-": "thread", "main thread": "caller"}
    found = {next((word for start, word in kinds.items() if lane.startswith(start)), "lane") for lane in lanes}
    word = found.pop() if len(found) == 1 else "lane"
    what = "try" if retries and any(job.error is not None for job in jobs) else "job"
    return f"{_count(len(jobs), what)}, {_count(len(lanes), word)}"


def title(jobs: list[JobRecord], lanes: list[str], retries: bool) -> str:
    """Return in a sentence what a run took, and what it would have taken one after another."""
    if not jobs:
        return "No job was finished."
    took = max(job.finished for job in jobs) - min(job.taken for job in jobs)
    text = f"{summary(jobs, lanes, retries)}: {_seconds(took)}"
    failed = sum(job.error is not None for job in jobs)
    if failed:  # who knows what those would have taken
        return f"{text}; {failed} failed"
    return text + f"; one after another it would be {_seconds(sum(job.took for job in jobs))}" * (len(lanes) > 1)


def _count(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else {'try': 'tries'}.get(word, f'{word}s')}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def _rows(axes: Axes, jobs: list[JobRecord], rows: list[str]) -> None:
    behind = axes.transData + ScaledTranslation(0.1, 0, axes.figure.dpi_scale_trans)  # inches
    for row, lane in enumerate(rows):
        own = [job for job in jobs if job.lane == lane]
        waited = [(max(job.queued, 0), job.taken - max(job.queued, 0)) for job in own if job.queued is not None]
        good = [(job.taken, job.took) for job in own if job.error is None]
        bad = [(job.taken, job.took) for job in own if job.error is not None]
        axes.broken_barh(waited, (row + 0.24, 0.16), facecolor=WAIT)
        axes.broken_barh(good, (row - 0.36, 0.56), facecolor=WORK, edgecolor=PAPER)
        axes.broken_barh(bad, (row - 0.36, 0.56), facecolor=PAPER, edgecolor=FAIL, hatch="////")
        # A job that fails at once has a bar too thin to see.
        ends = [taken + took for taken, took in bad]
        axes.plot(ends, [row - 0.08] * len(bad), linestyle="", marker="$✗$", color=FAIL, transform=behind)
    axes.set_yticks(range(len(rows)), [row[:22] for row in rows], parse_math=False)
    axes.set_ylim(max(len(rows), 2) - 0.45, -0.55)
    axes.set_xlim(left=0)
    _plain(axes)


def _queue(axes: Axes, lengths: list[tuple[float, int]], end: float) -> None:
    times = [at for at, _ in lengths]
    numbers = [max(length, 0) for _, length in lengths]
    times, numbers = [*times, max(end, times[-1])], [*numbers, numbers[-1]]
    axes.fill_between(times, numbers, step="post", facecolor=WAIT, edgecolor=INK)
    axes.set_ylim(0, max([*numbers, 1]) * 1.1)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.set_ylabel("waiting", color=INK)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK, length=0)
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(PALE)
