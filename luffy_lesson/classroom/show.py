"""Show code in a notebook, from the module itself, so that text and package cannot drift apart."""

import ast
import importlib
import inspect
import io
import textwrap
import tokenize
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from luffy_lesson.classroom.display import show_text

if TYPE_CHECKING:
    from luffy_lesson.classroom.pictures.bars import Bars
    from luffy_lesson.classroom.pictures.staircase import Staircase

PACKAGE = Path(__file__).parents[1]


def show(*things: Any) -> None:
    """Display the source of classes, functions, modules or files, highlighted and without docstrings.

    Args:
        things: what to show, in this order. A `pathlib.Path` shows a Python file.

    Raises:
        TypeError: for something that has no source in Python.
    """
    sources = [thing.read_text() if isinstance(thing, Path) else inspect.getsource(thing) for thing in things]
    code = "\n\n\n".join(without_docstrings(textwrap.dedent(source)).strip() for source in sources)
    # Jupyter knows the classes' colours, on light and on dark; but in an exported page such a <pre> is proportional,
    # and its lines are broken within words.
    style = "font-family:monospace;white-space:pre;overflow-x:auto"
    show_text(code, html=highlight(code, PythonLexer(), HtmlFormatter(prestyles=style)))


def without_docstrings(source: str) -> str:
    """Return `source` without its docstrings: beside the text of a notebook they say things twice."""
    lines: list[str | None] = list(source.splitlines())
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            first, end = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
            if end < len(lines) and not lines[end] and isinstance(node, ast.Module | ast.ClassDef):
                end += 1  # the empty line after it
            head = source.splitlines()[first][: docstring.col_offset]
            lines[first:end] = [None] * (end - first)
            if len(node.body) == 1:
                lines[first] = f"{head}..."
    return "\n".join(line for line in lines if line is not None)


def steps() -> list[ModuleType]:
    """Return the steps that there are, the first one first."""
    return [importlib.import_module(f"luffy_lesson.{path.stem}") for path in sorted(PACKAGE.glob("step[0-9]*_*.py"))]


def lines_of_code(step: ModuleType) -> int:
    """Return how many lines of code a step has; docstrings, comments and empty lines do not count."""
    return count_lines(inspect.getsource(step))


def count_lines(source: str) -> int:
    """Return how many lines of `source` are code."""
    docstrings = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    no_code = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in no_code
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - docstrings)


def added(step: ModuleType) -> list[str]:
    """Return what a step adds to the one below it: new names, and new methods like `Worker.perform_async`.

    Args:
        step: a step's module, like `step3_memory_queue`.
    """
    names = []
    for name, methods, before in _news(step):
        names += [f"{name}.{method}" for method in methods if not hasattr(before, method)] if before else [name]
    return names


def adds(step: ModuleType) -> None:
    """Display what a step adds to the one below it: new names, and new methods of those that are there already.

    Args:
        step: a step's module, like `step3_memory_queue`.
    """
    rows = []
    for name, methods, before in _news(step):
        new = ", ".join(f"`{method}`" for method in methods if not hasattr(before, method))
        changed = ", ".join(f"`{method}`" for method in methods if hasattr(before, method))
        says = [f"gets {new}" if before else f"with {new}"] * bool(new) + [f"changes {changed}"] * bool(changed)
        rows.append(f"- `{name}` {', '.join(says)}".removesuffix(" with "))
    number = steps().index(step) + 1
    text = "\n".join([f"**Step {number}** adds to step {number - 1}:", "", *rows])
    show_text(text, markdown=text)


def _news(step: ModuleType) -> list[tuple[str, list[str], Any]]:
    """Return the names that are not as in the step below, each with its public methods and what it was there."""
    number = steps().index(step)
    below = steps()[number - 1] if number else None
    news = []
    for name in step.__all__:
        thing, before = getattr(step, name), getattr(below, name, None)
        if thing is not before:
            methods = [method for method in getattr(thing, "__dict__", {}) if not method.startswith("_")]
            news.append((name, methods if isinstance(thing, type) else [], before))
    return news


def staircase() -> "Staircase":
    """Return the picture of the whole: what each step adds, and in how many lines."""
    from luffy_lesson.classroom.pictures.staircase import Staircase  # here, for matplotlib takes a while to import

    return Staircase()


def bars(title: str, numbers: dict[str, float]) -> "Bars":
    """Return a picture with a bar for each number.

    Args:
        title: what the numbers are, with their unit.
        numbers: by their names; the first one is at the top.
    """
    from luffy_lesson.classroom.pictures.bars import Bars  # here, for matplotlib takes a while to import

    return Bars(title, numbers)
