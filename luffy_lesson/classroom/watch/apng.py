"""Pictures that move without a program: animated PNGs.

No setting stops them, as *reduced motion* would stop an SVG in an `<img>`, but `image/png` is shown wherever notebooks
are read, trusted or not; so they play once, and come to rest after ten seconds at most. A `<picture>` with a media
query would obey, too, but JupyterLab drops it where nobody trusts the notebook.
"""

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFont, PngImagePlugin

from luffy_lesson.classroom.page.palette import PAPER
from luffy_lesson.classroom.watch.shapes import COLOURS, Box, Line, Shape, Words

EVERY = 0.1
"""How many seconds a picture is shown."""

FRAMES = 100
"""How many pictures there are at most."""

TRAVEL = 0.3
"""How many seconds a job is on its way from place to place, as it is seen."""

LARGEST = 150_000 * 3 // 4
"""How many bytes there are at most; as it is stored in a notebook, each three of them are four."""

SAME = len(COLOURS)
"""The colour of what is as it was."""

PALETTE = [part for colour in [*COLOURS, "#000000"] for part in ImageColor.getrgb(colour)]
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def animate(
    picture: Callable[[float, float], list[Shape]], end: float, width: int, height: int, most: int = FRAMES
) -> bytes:
    """Return a picture that moves. It plays once, for ten seconds at most, and stays as it is at the end.

    Who shows no moving pictures, and paper, has the last one. When it would be too large, there are fewer pictures.

    Args:
        picture: returns the shapes at a moment, and takes that moment, and for how long a job is on its way.
        end: the last moment.
        width: in pixels.
        height: in pixels.
        most: how many pictures there are at most.
    """
    frames = min(most, 1 + round((end + TRAVEL) / EVERY))
    quick = max(1.0, (end + TRAVEL) / (FRAMES * EVERY))  # longer runs are shown in ten seconds
    while True:
        every = (end + TRAVEL * quick) / max(frames - 1, 1)
        drawn = [draw(picture(number * every, TRAVEL * quick), width, height) for number in range(frames)]
        png = io.BytesIO()
        coloured(drawn[-1]).save(
            png,
            "PNG",
            save_all=True,
            default_image=True,
            append_images=[coloured(drawn[0]), *map(changes, drawn, drawn[1:])],
            duration=round(every / quick * 1000),
            loop=1,
            blend=PngImagePlugin.Blend.OP_OVER,
            transparency=SAME,
            bits=4,
        )
        size = len(png.getvalue())
        if size <= LARGEST or frames == 1:
            return png.getvalue()
        frames = max(1, min(frames * 9 // 10, frames * LARGEST // size))


def changes(before: Image.Image, after: Image.Image) -> Image.Image:
    """Return what is other than before, and nothing where it is the same: that is small."""
    image = Image.new("L", after.size, SAME)
    image.paste(after, mask=ImageChops.difference(before, after).point([0, *[255] * 255]))
    return coloured(image)


def coloured(image: Image.Image) -> Image.Image:
    """Return a picture with the colours whose numbers it has."""
    image = image.copy()
    image.putpalette(PALETTE)
    return image


def draw(shapes: list[Shape], width: int, height: int) -> Image.Image:
    """Return a picture of the numbers of its colours, with hard edges: those make it small."""
    image = Image.new("L", (width, height), COLOURS.index(PAPER))
    pen = ImageDraw.Draw(image)
    pen.fontmode = "1"
    for shape in shapes:
        match shape:
            case Box(x, y, wide, high, radius, fill, ink, thick):
                pen.rounded_rectangle((x, y, x + wide, y + high), radius, _index(fill), _index(ink), round(thick))
            case Line(points, ink, _, True):
                pen.polygon(points, fill=_index(ink))
            case Line(points, ink, thick):
                pen.line(points, fill=_index(ink), width=round(thick))
            case Words(x, y, text, ink, size, anchor, bold):
                pen.text((x, y), text, fill=_index(ink), font=_font(size, bold), anchor=ANCHORS[anchor])
    return image


def _index(colour: str) -> int:
    return COLOURS.index(colour)


@cache
def _font(size: int, bold: bool) -> Any:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/{name}", size - 1)  # it is a wide one
