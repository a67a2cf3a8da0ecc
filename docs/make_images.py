"""Make the pictures of the README: lesson 3 in mid-run, in JupyterLab's light and dark theme.

.venv/bin/python docs/make_images.py
"""

import re
import sys
from pathlib import Path

import nbformat
from PIL import Image, PngImagePlugin

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests/browser"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from lab import ROOT, Lab, Notebook, chromium, wait_until

IMAGES = ROOT / "docs/images"
LESSON = "03_memory_queue.ipynb"
RUN = "for _ in range(20):"  # is in the source of the cell to show
MID_RUN = re.compile(r"0\.[5-7] s.*waiting [1-9].*in hand 5.*done [1-9]")  # five in hand, for half a second


def text() -> str:
    """Return the source of the cell to show, and the text below it."""
    cells = nbformat.read(ROOT / "notebooks" / LESSON, as_version=4).cells
    number = next(number for number, cell in enumerate(cells) if RUN in cell.source and "watch(" in cell.source)
    return "\n\n".join(cell.source for cell in cells[number : number + 2])


def make(name: str, theme: str) -> None:
    """Make one picture. It holds the text that it shows, so that a test can tell when the notebook has another.

    Args:
        name: of its file.
        theme: of JupyterLab.
    """
    with (
        Lab(theme=theme) as lab,
        chromium(lab.home) as browser,
        Notebook(browser, lab, lab.copy() / LESSON, width=1100, height=840) as notebook,
    ):
        cell = notebook.page.locator(".jp-CodeCell", has_text=RUN).filter(has_text="watch(").first
        notebook.page.keyboard.press("Control+b")  # hides the list of files
        notebook.run_all()
        map = cell.locator(".luffy-map svg")
        map.wait_for()
        cell.evaluate("cell => cell.scrollIntoView({block: 'center'})")
        wait_until(lambda: MID_RUN.search(map.text_content()), 30, "jobs are in hand and done")
        path = IMAGES / f"{name}.png"
        notebook.page.screenshot(path=path)
    with Image.open(path) as image:
        holds = PngImagePlugin.PngInfo()
        holds.add_itxt("text", text())
        image.save(path, pnginfo=holds, optimize=True)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    make("map_light", "JupyterLab Light")
    make("map_dark", "JupyterLab Dark")
