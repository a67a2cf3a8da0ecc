"""Which exercises are solved: a file of the user's, with a line for each time that one was solved or reset."""

import re
from datetime import date
from pathlib import Path

from luffy_lesson.host.redis_server import home

NAME = "progress.txt"
LINE = re.compile(r"^\d{4}-\d\d-\d\d (solved|reset) (\w+)$", re.MULTILINE)


def file() -> Path:
    """Return where it is kept. Raise RuntimeError when the folder cannot be made."""
    return home() / NAME


def solved(path: Path | None = None) -> set[str]:
    """Return the names of the exercises that are solved: of each, its last line counts.

    Args:
        path: the file; by default the user's own.

    Raises:
        OSError: when the file is there and cannot be read.
    """
    try:
        text = (path or file()).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return set()
    return {name for name, what in {name: what for what, name in LINE.findall(text)}.items() if what == "solved"}


def note(name: str, what: str) -> None:
    """Note that an exercise was `solved` or `reset`.

    It is added in one write: two notebooks that do so at the same moment lose nothing.

    Raises:
        OSError: when the file cannot be written.
        RuntimeError: when its folder cannot be made.
    """
    with file().open("a", encoding="utf-8") as lines:
        lines.write(f"\n{date.today()} {what} {name}\n")  # the first newline ends what another has left half written
