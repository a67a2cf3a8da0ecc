"""Show code in a notebook, from the module itself, so that text and package cannot drift apart."""

import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from luffy_lesson.classroom.page.display import show_text
from luffy_lesson.classroom.page.source import news, without_docstrings
from luffy_lesson.host.steps import steps

if TYPE_CHECKING:
    from luffy_lesson.classroom.page.bars import Bars
    from luffy_lesson.classroom.page.staircase import Staircase

FOR_TOOLS = re.compile(r"  # (?:type: ignore|noqa)\b.*$", re.MULTILINE)
"""A comment that no person needs."""


def show(*things: Any) -> None:
    """Display the source of classes, functions, modules or files, highlighted and without docstrings.

    Args:
        things: what to show, in this order. A `pathlib.Path` shows a Python file.

    Raises:
        TypeError: for something that has no source in Python.
    """
    sources = [thing.read_text() if isinstance(thing, Path) else inspect.getsource(thing) for thing in things]
    code = "\n\n\n".join(without_docstrings(textwrap.dedent(source)).strip() for source in sources)
    code = FOR_TOOLS.sub("", code)
    # Jupyter knows the classes' colours, on light and on dark; but in an exported page such a <pre> is proportional,
    # and its lines are broken within words.
    style = "font-family:monospace;white-space:pre;overflow-x:auto"
    show_text(code, html=highlight(code, PythonLexer(), HtmlFormatter(prestyles=style)))


def adds(step: ModuleType) -> None:
    """Display what a step adds to the one below it: new names, and new methods of those that are there already.

    Args:
        step: a step's module, like `step3_memory_queue`.
    """
    rows = []
    for name, methods, before in news(step):
        new = ", ".join(f"`{method}`" for method in methods if not hasattr(before, method))
        changed = ", ".join(f"`{method}`" for method in methods if hasattr(before, method))
        says = [f"gets {new}" if before else f"with {new}"] * bool(new) + [f"changes {changed}"] * bool(changed)
        rows.append(f"- `{name}` {', '.join(says)}".removesuffix(" with "))
    number = steps().index(step) + 1
    text = "\n".join([f"**Step {number}** adds to step {number - 1}:", "", *rows])
    show_text(text, markdown=text)


def staircase() -> "Staircase":
    """Return the picture of the whole: what each step adds, and in how many lines."""
    from luffy_lesson.classroom.page.staircase import Staircase  # here, for matplotlib takes a while to import

    return Staircase()


def bars(title: str, numbers: dict[str, float]) -> "Bars":
    """Return a picture with a bar for each number.

    Args:
        title: what the numbers are, with their unit.
        numbers: by their names; the first one is at the top.
    """
    from luffy_lesson.classroom.page.bars import Bars  # here, for matplotlib takes a while to import

    return Bars(title, numbers)
