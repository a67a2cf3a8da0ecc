"""Make the pictures of the README: lesson 3 in mid-run, in JupyterLab's light and dark theme.

.venv/bin/python docs/make_images.py
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests/browser"))

from lab import ROOT, Lab, Notebook, chromium, wait_until

IMAGES = ROOT / "docs/images"
LESSON = "03_memory_queue.ipynb"
RUN = "for _ in range(20):"  # is in the source of the cell to show
MID_RUN = re.compile(r"waiting [1-9].*in hand 5.*done [1-9].* 0\.[5-7] s")  # five in hand, for half a second


def make(name: str, theme: str) -> None:
    """Make one picture.

    Args:
        name: of its file.
        theme: of JupyterLab.
    """
    with (
        Lab(theme=theme) as lab,
        chromium(lab.home) as browser,
        Notebook(browser, lab, lab.copy() / LESSON, width=1100, height=620) as notebook,
    ):
        cell = notebook.page.locator(".jp-CodeCell", has_text=RUN).filter(has_text="watch()").first
        notebook.page.keyboard.press("Control+b")  # hides the list of files
        notebook.run_all()
        board = cell.locator(".luffy-board")
        board.wait_for()
        cell.evaluate("cell => cell.scrollIntoView({block: 'center'})")
        wait_until(lambda: MID_RUN.search(" ".join(board.inner_text().split())), 30, "jobs are in hand and done")
        notebook.page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    make("board_light", "JupyterLab Light")
    make("board_dark", "JupyterLab Dark")
