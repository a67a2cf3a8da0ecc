"""Shapes, of which a picture is made: as SVG here, as a PNG elsewhere, from the same list."""

from html import escape
from typing import NamedTuple

from luffy_lesson.classroom.page.palette import FAIL, INK, PALE, PAPER, WAIT, WORK

SHADE, GREY, WHITE, LIGHT = "#f1f3f0", "#57606a", "#ffffff", "#d5e7f3"
COLOURS = (PAPER, INK, PALE, WAIT, WORK, FAIL, SHADE, GREY, WHITE, LIGHT)
"""All that there are: those of the diagrams."""

NARROW = 640
"""A window that is narrower, or enlarges what it shows, scrolls: in pixels."""

SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 0
    fill: str = WHITE
    ink: str = INK
    thick: float = 1

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Its middle, from above to below."""
        return self.y + self.height / 2


class Line(NamedTuple):
    """A line through points."""

    points: list[Point]
    ink: str = INK
    thick: float = 1
    filled: bool = False
    """Whether it is what is inside."""


class Words(NamedTuple):
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    ink: str = INK
    size: int = 13
    anchor: str = "start"
    """Or `middle`, or `end`."""
    bold: bool = False


Shape = Box | Line | Words


def arrow(points: list[Point], ink: str, thick: float = 1) -> list[Shape]:
    """Return a line through points, each right, left, above or below the one before, with a head at the last."""
    (x, y), (x1, y1) = points[-2:]
    right, down = (x1 > x) - (x1 < x), (y1 > y) - (y1 < y)
    line = Line([*points[:-1], (x1 - 6 * right, y1 - 6 * down)], ink, thick)
    long, wide = (9, 5) if thick > 1 else (8, 4)
    foot = x1 - long * right, y1 - long * down
    wings = [(foot[0] + wide * side * down, foot[1] + wide * side * right) for side in (1, -1)]
    return [line, Line([(x1, y1), *wings], ink, filled=True)]


def svg(shapes: list[Shape], width: int, height: int, title: str, says: str) -> str:
    """Return a picture as SVG.

    Args:
        shapes: those that are behind others first.
        width: in pixels.
        height: in pixels.
        title: what it is.
        says: what it shows, for those who do not see it.
    """
    title, says = escape(title), escape(says)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{escape(SANS)}" style="display:block;height:auto;max-width:100%;min-width:{NARROW}px" '
        f'role="img" aria-label="{title}. {says}">'
        f"<title>{title}</title><desc>{says}</desc>{''.join(map(element, shapes))}</svg>"
    )


def element(shape: Shape) -> str:
    """Return a shape as an element of an SVG picture."""
    match shape:
        case Box(x, y, width, height, radius, fill, ink, thick):
            return (
                f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{fill}" '
                f'stroke="{ink}" stroke-width="{thick:g}"/>'
            )
        case Line(points, ink, thick, filled):
            path = "L".join(f"{x:g} {y:g}" for x, y in points)
            look = f'fill="{ink}"' if filled else f'fill="none" stroke="{ink}" stroke-width="{thick:g}"'
            return f'<path d="M{path}{"z" * filled}" {look}/>'
        case Words(x, y, text, ink, size, anchor, bold):
            weight = ' font-weight="600"' * bold
            return (
                f'<text x="{x:g}" y="{y:g}" fill="{ink}" font-size="{size}" text-anchor="{anchor}"{weight}>'
                f"{escape(text)}</text>"
            )
