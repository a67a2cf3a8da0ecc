"""A learner's folder: copies of the notebooks, kept up with the course where nobody has changed them."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
from pathlib import Path

from luffy_lesson import __version__
from luffy_lesson.launcher.environment import CONTENT, SetUpError

NOTEBOOKS = CONTENT / "notebooks"
DEFAULT = "luffy-lesson"
COPIED = ".luffy-lesson.json"
"""In the folder: for each file, what of the course's was copied or laid beside it."""


def provide(folder: str | None = None) -> Path:
    """Return the learner's folder, with all notebooks of this version of the course in it.

    What is not there is copied. What nobody has changed since it was copied is replaced by this version's. Beside what
    was changed, or is not from here, this version's is laid once, under another name. Nothing else is touched.

    Args:
        folder: where. By default the current folder, where it is one of these; else `luffy-lesson` in it.

    Raises:
        SetUpError: when it cannot be read or written.
    """
    root = Path(folder or ("." if Path(COPIED).is_file() else DEFAULT)).expanduser().absolute()
    try:
        _copy(root)
    except OSError as error:
        raise SetUpError(
            f"The notebooks cannot be copied to {root}: {error.strerror}. Name another folder with --folder."
        ) from None
    print(f"Your notebooks are in {root}.", flush=True)
    return root


def _copy(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    known = _known(root)
    for source in sorted(NOTEBOOKS.rglob("*")):
        name = source.relative_to(NOTEBOOKS)
        if not source.is_file() or any(part.startswith((".", "__")) for part in name.parts):
            continue  # what Python and Jupyter leave behind
        ours, before = _digest(source), known.get(name.as_posix())
        there = root / name
        if not os.path.lexists(there) or (_digest(there) == before != ours):
            _write(source, there)
        elif _digest(there) != ours and before != ours:
            beside = _beside(there, ours)
            if not beside.exists():
                _write(source, beside)
            print(f"{there.name} is yours, and stays. This version's is {beside.name}.")
        known[name.as_posix()] = ours
    (root / COPIED).write_text(json.dumps(known, indent=1))


def _known(root: Path) -> dict[str, str]:
    try:
        return dict(json.loads((root / COPIED).read_text()))
    except (FileNotFoundError, ValueError, TypeError):  # none yet, or damaged: then what differs counts as changed
        return {}


def _digest(path: Path) -> str:
    """Return a number for what a person writes in a file: of a notebook, its cells without what they have printed."""
    if not path.is_file():
        return ""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        with contextlib.suppress(ValueError, KeyError, TypeError):  # a file that is no notebook is taken as it is
            cells = json.loads(content)["cells"]
            content = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells]).encode()
    return hashlib.sha256(content).hexdigest()


def _beside(path: Path, ours: str) -> Path:
    """Return where this version's file is laid: called like `path`, and free, or with the same in it already."""
    for number in itertools.count(1):
        more = f"_{number}" if number > 1 else ""
        beside = path.with_stem(f"{path.stem}_v{__version__}{more}")
        if not os.path.lexists(beside) or _digest(beside) == ours:
            break
    return beside


def _write(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, new)
    os.replace(new, target)
