"""Bars: a picture of a few numbers, one below the other."""

from matplotlib.ticker import FuncFormatter

from luffy_lesson.classroom.page.palette import INK, PAPER, WAIT, WORK
from luffy_lesson.classroom.page.picture import Picture


class Bars(Picture):
    """A matplotlib figure: a bar for each number, with the number beside it."""

    def __init__(self, title: str, numbers: dict[str, float], marked: str = "", logarithmic: bool = False) -> None:
        """Draw them in their order, from the top.

        Args:
            title: what they are, with the unit.
            numbers: the length of each bar, by its name.
            marked: what the names begin with whose bars are of another colour, and hatched.
            logarithmic: whether each step along the axis is ten times the last.
        """
        super().__init__(0.32 * len(numbers) + 0.7, f"<Bars: {title}: {', '.join(numbers)}>")
        self.suptitle(title, color=INK, fontsize=12, x=0.01, ha="left")
        axes = self.subplots()
        for place, (name, number) in enumerate(numbers.items()):
            other = bool(marked) and name.startswith(marked)
            axes.barh(place, number, color=WAIT if other else WORK, hatch="//" if other else None, edgecolor=PAPER)
            text = f"{number:,.0f}" if number >= 10 or isinstance(number, int) else f"{number:.1f}"
            axes.annotate(text, (number, place), (4, 0), textcoords="offset points", va="center", color=INK, size=9)
        axes.set_yticks(range(len(numbers)), list(numbers), color=INK)
        if logarithmic:
            axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set(facecolor=PAPER)
        axes.tick_params(colors=INK, labelsize=9)
        axes.spines[["top", "right"]].set_visible(False)
