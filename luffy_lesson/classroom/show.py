"""Show code in a notebook, from the module itself, so that text and package cannot drift apart."""

import ast
import importlib
import inspect
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.display import display

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
    markdown(f"```python\n{code}\n```")


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


def adds(step: ModuleType) -> None:
    """Display what a step adds to the one below it: new names, and new methods of those that are there already.

    Args:
        step: a step's module, like `step3_memory_queue`.
    """
    number = int(step.__name__.partition(".step")[2][0])
    below = importlib.import_module(f"luffy_lesson.{next(PACKAGE.glob(f'step{number - 1}_*.py')).stem}")
    rows = []
    for name in step.__all__:
        thing, before = getattr(step, name), getattr(below, name, None)
        if thing is not before:
            public = [method for method in vars(thing) if not method.startswith("_")]
            new = ", ".join(f"`{method}`" for method in public if not hasattr(before, method))
            changed = ", ".join(f"`{method}`" for method in public if hasattr(before, method))
            says = [f"gets {new}" if before else f"with {new}"] * bool(new) + [f"changes {changed}"] * bool(changed)
            rows.append(f"- `{name}` {', '.join(says)}")
    markdown("\n".join([f"**Step {number}** adds to step {number - 1}:", "", *rows]))


def markdown(text: str) -> None:
    """Display Markdown below the cell.

    Args:
        text: the Markdown.
    """
    display({"text/markdown": text, "text/plain": text}, raw=True)
