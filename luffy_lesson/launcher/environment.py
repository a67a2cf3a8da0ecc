"""Find or make a Python environment that has what `requirements.txt` names. Standard library only."""

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
VENV = ROOT / ".venv"
AGAIN = "LUFFY_LESSON_SET_UP"
"""Set in the environment of the process that runs after a set-up, so that it cannot set up again and again."""


class SetUpError(Exception):
    """The environment cannot be made; the message is a sentence that says what to do."""


def missing(requirements: str) -> list[str]:
    """Return the lines of `requirements` that this Python's packages do not satisfy.

    Args:
        requirements: the text of a requirements file, with lines like `name[extra]>=X.Y; sys_platform != "win32"`.

    Raises:
        ValueError: for a line of another form.
    """
    lines = []
    for line in requirements.splitlines():
        line = line.partition("#")[0].strip()
        if not line or line.startswith("-e"):
            continue
        found = re.fullmatch(r'([\w.-]+)(?:\[[\w,]+\])?>=([\d.]+)(?:; *sys_platform *!= *"(\w+)")?', line)
        if not found:
            raise ValueError(f"This line of the requirements cannot be compared: {line}")
        name, floor, not_on = found.groups()
        if not_on == sys.platform:
            continue
        try:
            # What is left of a half-removed package has no version: None.
            satisfied = _numbers(str(importlib.metadata.version(name))) >= _numbers(floor)
        except importlib.metadata.PackageNotFoundError:
            satisfied = False
        if not satisfied:
            lines.append(line)
    return lines


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", re.sub(r"(\.0+)+$", "", version.partition("+")[0]))]


def enter(arguments: list[str], make: bool = True) -> None:
    """Return when this Python has all that is needed; else run the launcher again in the course's own environment.

    Args:
        arguments: those of the launcher.
        make: whether to make that environment where it is missing or incomplete; else return then.

    Raises:
        SetUpError: when there is none, and none can be made.
    """
    lacking = missing(REQUIREMENTS.read_text())
    if not lacking:
        return
    if AGAIN in os.environ:
        raise SetUpError(
            f"The packages were installed, and yet these are missing: {', '.join(lacking)}. "
            f"Delete the folder {VENV} and try again."
        )
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _satisfied(python):
        if not make:
            return
        _set_up(python)
    run([str(python), "-m", "luffy_lesson", *arguments], {AGAIN: "1"})


def run(command: list[str], variables: "dict[str, str] | None" = None) -> None:
    """Become another program: its end is the end of this one.

    Args:
        command: the program and its arguments.
        variables: added to its environment.
    """
    sys.stdout.flush()
    if sys.platform == "win32":
        sys.exit(subprocess.run(command, env=_environment(variables)).returncode)
    os.execve(command[0], command, _environment(variables))


def wait_for(command: list[str]) -> int:
    """Run another program to its end, and return its exit code: negative when a signal ended it.

    Args:
        command: the program and its arguments.
    """
    sys.stdout.flush()
    process = subprocess.Popen(command, env=_environment())
    # Ctrl-C reaches the other program as well, and is its to handle; a request to end has to be passed on.
    mine = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: process.terminate()}
    before = {number: signal.signal(number, handler) for number, handler in mine.items()}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(variables: "dict[str, str] | None" = None) -> dict[str, str]:
    # Without `pip install -e .` too, every kernel shall find the package.
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path} | (variables or {})


def _satisfied(python: Path) -> bool:
    check = "import sys; from luffy_lesson.launcher import environment as e; sys.exit(bool(e.missing(sys.argv[1])))"
    return python.exists() and not _call(python, "-c", check, REQUIREMENTS.read_text(), quiet=True)


def _set_up(python: Path) -> None:
    """Make `.venv` where there is none, and install into it. What this makes and cannot finish, it removes."""
    uv = shutil.which("uv")
    made = not VENV.exists()
    try:
        print("Setting up the course, once: this takes a minute or two.", flush=True)
        if uv:
            failed = not python.exists() and _call(uv, "venv", "--clear", "--python", sys.executable, VENV)
        else:
            failed = bool(_call(python, "-m", "pip", "--version", quiet=True)) and _call(
                sys.executable, "-m", "venv", "--clear", VENV
            )
        if failed:
            raise SetUpError(
                "Python could not make a virtual environment: see above. "
                "On Debian and Ubuntu, `sudo apt install python3-venv` brings what is missing; then try again."
            )
        install = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
        if _call(*install, "-r", REQUIREMENTS):
            raise SetUpError(
                "The packages could not be installed: see above. Is the network down? When it is back, try again."
            )
    except BaseException:
        if made:
            shutil.rmtree(VENV, ignore_errors=True)
        raise


def _call(*command: "str | Path", quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, stdout=output, stderr=output).returncode
    except OSError:
        return 1
