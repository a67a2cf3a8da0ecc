"""Pictures that are kept in a notebook: matplotlib figures that show themselves, each with a text to stand for it."""

import io
from typing import Any

from matplotlib.figure import Figure

from luffy_lesson.classroom.page.palette import PAPER


class Picture(Figure):
    """A figure that shows itself as a PNG, in a notebook as on GitHub."""

    def __init__(self, height: float, text: str) -> None:
        """Make an empty one.

        Args:
            height: in inches; the width is that of a notebook.
            text: what stands for it where there are no pictures.
        """
        super().__init__(figsize=(9, height), facecolor=PAPER, layout="constrained")
        self.alt = text

    def __repr__(self) -> str:
        return self.alt

    __str__ = __repr__  # which `display` prints in a script

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=100, metadata={"Software": None})
        return {"image/png": png.getvalue(), "text/plain": self.alt}
