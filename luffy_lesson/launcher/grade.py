"""Check the notebooks of a whole class, each in a kernel of its own, and print who has solved what."""

import contextlib
import os
import queue
import re
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from luffy_lesson.classroom.check.exercise import names_of, standing
from luffy_lesson.classroom.check.progress_file import NAME, solved
from luffy_lesson.host.environment import CONTENT, ROOT
from luffy_lesson.host.redis_server import ENDS_WITH, HomeError, RedisServer
from luffy_lesson.launcher.kernel import ThisPython, by_files

WARNING = (
    "This runs the learners' code on this computer, with your rights. "
    "Do so only where you may: in a container, or with an account that is there for it."
)
FRESH = re.compile(r"^ *lesson\.fresh\( *(\d+) *\)", re.MULTILINE)
TRY = "try"  # the tag of a cell to try an answer in
HEADING = re.compile(r"^## +Your turn *$", re.MULTILINE)


class Trouble(Exception):
    """A notebook cannot be checked, or not to its end; the message says why."""


class Unprepared(Trouble):
    """Its first cell has failed: without it no check can be green, whatever is solved."""


class Result(NamedTuple):
    """What became of a notebook: the rest of its row, whether it has every exercise solved, and whether it failed."""

    says: str
    complete: bool = False
    failed: bool = False


def check(folder: str, seconds: float = 120) -> int:
    """Run the learners' code in all notebooks of a folder and its subfolders, and print which exercises are solved.

    Args:
        folder: where the notebooks are. They are not changed.
        seconds: how long one notebook may take.

    Returns:
        0, or 1 when there is no notebook, or one could not be checked to its end.
    """
    if not seconds > 0:
        print("The time limit for a notebook must be more than 0 seconds.")
        return 1
    root = Path(folder)
    if not root.is_dir():
        print(f"There is no folder {root}.")
        return 1
    paths, closed = _notebooks(root)
    if not paths and not closed:
        print(f"There is no notebook in {root}.")
        return 1
    print(f"{WARNING} {_counted(paths)}:", flush=True)
    names = {path: _printable(path.relative_to(root)) for path in [*closed, *paths]}
    width = max(map(len, names.values()))
    results = []
    for path, name in names.items():
        result = Result("cannot be opened: a folder without access", failed=True)
        if path not in closed:
            result = _check(path, seconds)
        print(f"{name:<{width}}   {result.says}", flush=True)
        results.append(result)
    complete, failed = sum(result.complete for result in results), sum(result.failed for result in results)
    rest = f" {failed} could not be checked to the end." if failed else ""
    print(f"{_counted(paths)}, {complete} of them with every exercise solved.{rest}")
    return int(failed > 0)


def _counted(notebooks: list[Path]) -> str:
    return f"{len(notebooks)} notebook{'' if len(notebooks) == 1 else 's'}"


def _notebooks(root: Path) -> tuple[list[Path], list[Path]]:
    """Return all notebooks, and the folders that cannot be looked into. Hidden ones hold Jupyter's own copies."""
    found, closed = [], []
    # Links to folders are not followed: they may lead round in a circle.
    for folder, folders, files in os.walk(root, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if name.endswith(".ipynb") and not name.startswith(".")]
    return sorted(path for path in found if path.is_file()), sorted(closed)


def _printable(text: object) -> str:
    """Return it as text that does nothing to a terminal, whatever the learner has called a file or an error."""
    return "".join(character if character.isprintable() else "?" for character in str(text))


def _check(path: Path, seconds: float) -> Result:
    try:
        lesson, cells = _read(path)
    except Trouble as trouble:
        return Result(str(trouble), failed=True)
    names = names_of(lesson)
    if not names:
        return Result(f"lesson {lesson} has no exercises")
    if not cells:
        return Result("has no exercises: the heading `## Your turn` is missing", failed=True)
    failure = ""
    with tempfile.TemporaryDirectory(prefix="luffy_class_", ignore_cleanup_errors=True) as folder:
        try:
            _run(cells, Path(folder), seconds)
        except Unprepared as trouble:
            return Result(f"could not be checked: {_printable(trouble)}", failed=True)
        except Trouble as trouble:
            failure = f"   {trouble}"
        try:
            known = solved(Path(folder, "home", NAME))
        except OSError:  # the learner's code has put something else there
            known = set()
    return Result(f"{standing(names, known)}{failure}", known.issuperset(names), bool(failure))


def _read(path: Path) -> tuple[int, list[str]]:
    """Return a notebook's lesson, and the code that is to be run: its first cell, and those from `Your turn` on.

    There is no code where that heading is missing. The cells to try an answer in are left out: they show a person what
    it does, and may wait for ever where it is wrong.

    Raises:
        Trouble: when it does not say its lesson, or is no notebook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is amiss with a file, and does no harm here
            cells = [
                (cell.cell_type, str(cell.source))
                for cell in nbformat.read(path, as_version=4).cells
                if TRY not in cell.metadata.get("tags", [])
            ]
    except Exception as error:  # nbformat raises what it comes across in a file that is no notebook
        reason = error.strerror if isinstance(error, OSError) else "it is damaged, or something else"
        raise Trouble(f"cannot be read as a notebook: {reason}") from None
    code = [number for number, (kind, source) in enumerate(cells) if kind == "code" and source.strip()]
    lesson = FRESH.search(cells[code[0]][1]) if code else None
    if not lesson:
        raise Trouble("is of no lesson: its first code cell has no `lesson.fresh(...)` with a number")
    headings = [number for number, (kind, source) in enumerate(cells) if kind == "markdown" and HEADING.search(source)]
    chosen = code[:1] + [number for number in code[1:] if number > headings[0]] if headings else []
    return int(lesson[1]), [cells[number][1] for number in chosen]


def _run(cells: list[str], folder: Path, seconds: float) -> None:
    """Run cells in a new kernel, which is ended with all that it has started. What they print or raise is not shown.

    Args:
        cells: their code.
        folder: an empty one, for all that the kernel writes. The solved exercises are noted there.
        seconds: how long all may take together.

    Raises:
        Unprepared: when the first cell raises, or does not end.
        Trouble: when they take longer, or the kernel dies.
    """
    deadline = time.monotonic() + seconds
    home = folder / "home"
    work = folder / "work"
    for each in (home, work, folder / "tmp"):
        each.mkdir()
    for module in (CONTENT / "notebooks").glob("*.py"):  # the workers that some cells import
        shutil.copy(module, work)
    own = {
        "LUFFY_HOME": str(home),
        ENDS_WITH: str(os.getpid()),
        "IPYTHONDIR": str(folder / "ipython"),  # the teacher's settings and history are not the learner's
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    variables = {name: value for name, value in os.environ.items() if name != "REDIS_URL"} | own
    manager = KernelManager(kernel_spec_manager=ThisPython(), connection_file=str(folder / "kernel.json"))
    by_files(manager, str(folder))
    client = None
    begun = False
    try:
        manager.start_kernel(env=variables, cwd=str(work), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client = manager.client()
        # Nobody listens to the output: so a cell that prints without end does not fill this process's memory.
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        for cell in cells:
            number = client.execute(cell, store_history=False, allow_stdin=False, stop_on_error=False)
            reply = None
            while not reply:
                if time.monotonic() > deadline:
                    raise Trouble(f"out of time after {seconds:g} s: a cell that does not end?")
                reply = _reply(manager, client, number)
            if not begun and reply["status"] == "error":
                raise Trouble(f"its first cell fails: {reply['ename']}: {reply['evalue']}")
            begun = True
    except Trouble as trouble:
        raise trouble if begun else Unprepared(trouble) from None
    finally:
        _end(home)
        manager.shutdown_kernel(now=True)
        if client:
            client.stop_channels()
        with contextlib.suppress(OSError, ValueError, HomeError):  # the learner's code may have damaged its files
            RedisServer(home / "redis").stop()


def _reply(manager: KernelManager, client: BlockingKernelClient, number: str) -> dict[str, Any] | None:
    """Wait a moment for the end of a cell, and return what the kernel says of it. Raise Trouble when that is dead."""
    try:
        message = client.get_shell_msg(timeout=0.2)
    except queue.Empty:
        if not manager.is_alive():
            raise Trouble("a cell has ended the whole kernel: `os._exit`, `exit()` or a crash?") from None
        return None
    return message["content"] if message["parent_header"].get("msg_id") == number else None


def _end(home: Path) -> None:
    """End all processes that have `home` as their home of the course, and their children: in any session, orphans too.

    Again and again, for meanwhile they may have started others.
    """
    for _ in range(50):
        processes = {process for process in psutil.process_iter() if _lives_in(home, process)}
        if not processes:
            return
        for process in list(processes):
            with contextlib.suppress(psutil.Error):
                processes.update(process.children(recursive=True))
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)


def _lives_in(home: Path, process: psutil.Process) -> bool:
    try:
        return bool(process.environ().get("LUFFY_HOME") == str(home))
    except (psutil.Error, OSError):  # another user's, or gone by now
        return False
