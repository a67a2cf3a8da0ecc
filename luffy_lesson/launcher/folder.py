"""A learner's folder: copies of the notebooks, kept up with the course where nobody has changed them."""

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from luffy_lesson import __version__
from luffy_lesson.host.environment import CONTENT, SetUpError

NOTEBOOKS = CONTENT / "notebooks"
DEFAULT = "luffy-lesson"
COPIED = ".luffy-lesson.json"
"""In the folder: for each file, what of the course's was copied or laid beside it."""


class Digests(NamedTuple):
    """What a file is known by."""

    written: str
    """Of what a person writes in it: of a notebook, its cells without what they have printed."""
    whole: str
    """Of all its bytes."""


NO_FILE, UNKNOWN = Digests("no file", ""), Digests("unknown", "")


def provide(folder: str | None = None) -> Path:
    """Return the learner's folder, with all notebooks of this version of the course in it.

    What is not there is copied. What nobody has changed since it was copied is replaced by this version's; where it is
    a notebook that was run, it is first kept under another name. Beside what was changed, or is not from here, this
    version's is laid once, under another name. Nothing else is touched.

    Args:
        folder: where. By default the current folder, where it is one of these; else `luffy-lesson` in it.

    Raises:
        SetUpError: when it cannot be read or written, or is inside the course's own notebooks.
    """
    root = Path(folder or DEFAULT)
    try:
        if not folder and Path(COPIED).is_file():
            root = Path()
        root = root.expanduser().absolute()
        if root.resolve().is_relative_to(NOTEBOOKS.resolve()):
            raise SetUpError(f"{root} is inside the course's own notebooks. Name another folder with --folder.")
        _copy(root)
    except (OSError, RuntimeError) as error:  # a RuntimeError where there is no such user, or no home
        why = f"{getattr(error, 'strerror', error)}".rstrip(".")
        at = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        raise SetUpError(
            f"The notebooks cannot be copied to {root}: {why}{at}. Name another folder with --folder."
        ) from None
    print(f"Your notebooks are in {root}.", flush=True)
    return root


def _copy(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    known = _known(root)
    try:
        for source in sorted(NOTEBOOKS.rglob("*")):
            name = source.relative_to(NOTEBOOKS)
            if not source.is_file() or any(part.startswith((".", "__")) for part in name.parts):
                continue  # what Python and Jupyter leave behind
            _update(source, root / name, known.get(name.as_posix(), UNKNOWN))
            known[name.as_posix()] = _digests(source)
    finally:  # also of a copy that was interrupted: else its files would count as the learner's
        _write(json.dumps(known, indent=1).encode(), root / COPIED)


def _update(source: Path, there: Path, before: Digests) -> None:
    """Bring this version's file, where the one that is there was copied as `before`."""
    if not os.path.lexists(there):
        _write(source.read_bytes(), there)
        return
    ours, mine = _digests(source), _digests(there)
    if mine == before != ours:
        _write(source.read_bytes(), there)
    elif ours.written in (mine.written, before.written):
        return
    elif mine.written == before.written:
        kept = _keep(there)
        _write(source.read_bytes(), there)
        print(f"{there.name} is this version's now. Yours, with what it printed, is {kept.name}.")
    else:
        for beside in _names(there, f"v{__version__}"):
            if not os.path.lexists(beside):
                _write(source.read_bytes(), beside)
            if _digests(beside).written == ours.written:
                break
        print(f"{there.name} is yours, and stays. This version's is {beside.name}.")


def _known(root: Path) -> dict[str, Digests]:
    try:
        return {name: Digests(*digests) for name, digests in json.loads((root / COPIED).read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError, RecursionError):
        return {}  # none yet, or damaged: then what differs counts as changed


def _digests(path: Path) -> Digests:
    if not path.is_file():
        return NO_FILE
    content = written = path.read_bytes()
    if path.suffix == ".ipynb":
        # A file that is no notebook is taken as it is.
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            cells = json.loads(content)["cells"]
            written = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells]).encode()
    return Digests(hashlib.sha256(written).hexdigest(), hashlib.sha256(content).hexdigest())


def _names(path: Path, label: str) -> Iterator[Path]:
    """Generate names like that of `path`, with a label."""
    yield path.with_stem(f"{path.stem}_{label}")
    for number in itertools.count(2):
        yield path.with_stem(f"{path.stem}_{label}_{number}")


def _keep(path: Path) -> Path:
    """Copy a learner's file to a free name beside it, and return that."""
    for kept in _names(path, f"before_v{__version__}"):
        with contextlib.suppress(FileExistsError):
            kept.touch(exist_ok=False)  # taken at once: a second launcher may look for one as well
            break
    try:
        shutil.copyfile(path, kept)
    except BaseException:
        kept.unlink()
        raise
    return kept


def _write(content: bytes, target: Path) -> None:
    """Write a file, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as room:  # a file in it has the usual permissions
        new = Path(room, target.name)
        new.write_bytes(content)
        os.replace(new, target)
