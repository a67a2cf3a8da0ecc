"""What the source of a step says of it: its lines, and what it adds to the one below."""

import ast
import inspect
import io
import tokenize
from pathlib import Path
from types import ModuleType
from typing import Any

from luffy_lesson.host.steps import steps


def lines_of_code(step: ModuleType) -> int:
    """Return how many lines of code a step has, in all its files; docstrings, comments and empty lines do not count."""
    files = Path(inspect.getfile(step)).parent.glob("*.py") if hasattr(step, "__path__") else [inspect.getfile(step)]
    return sum(count_lines(Path(file).read_text()) for file in files)


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
    for name, methods, before in news(step):
        names += [f"{name}.{method}" for method in methods if not hasattr(before, method)] if before else [name]
    return names


def news(step: ModuleType) -> list[tuple[str, list[str], Any]]:
    """Return the names that are not as in the step below, each with its public methods and what it was there."""
    number = steps().index(step)
    below = steps()[number - 1] if number else None
    news = []
    for name in step.__all__:
        # What is imported when somebody asks for it is left alone: it may need what is not installed.
        thing, before = vars(step).get(name), getattr(below, name, None)
        if thing is not before or name not in vars(step):
            methods = [method for method in getattr(thing, "__dict__", {}) if not method.startswith("_")]
            news.append((name, methods if isinstance(thing, type) else [], before))
    return news


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
