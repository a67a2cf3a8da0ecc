"""Find or make a Python environment that has what a command needs. Standard library only, until there is one."""

import importlib.metadata
import importlib.util
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import IO, Any

PACKAGE = Path(__file__).parents[1]
INSTALLED = (PACKAGE / "notebooks").is_dir()
"""Whether this is an installed package. In a checkout, and so in an editable install, the notebooks stand beside it."""

ROOT = PACKAGE.parent
CONTENT = PACKAGE if INSTALLED else ROOT
"""Where the notebooks and the benchmark are."""

COMMAND = "luffy-lesson" if INSTALLED else "python3 -m luffy_lesson"
"""How people start the launcher."""

VENV = ROOT / ".venv"
LOG = ROOT / ".venv.log"
"""What the programs of the set-up said."""

AGAIN = "LUFFY_LESSON_SET_UP"
"""Set in the environment of the process that runs after a set-up, so that it cannot set up again and again."""

ADD = "import sys, sysconfig; open(f'{sysconfig.get_path(\"purelib\")}/luffy_lesson.pth', 'w').write(sys.argv[1])"
"""Has the Python that runs it find the modules that stand in the folder of its argument."""

ELSEWHERE = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON"}
"""Variables that make pip install into another place than the environment that it runs in."""

SPACE = {"the packages": 400, "their downloads": 150}
"""How much must be free where the environment is made, and for temporary files, in megabytes."""


class SetUpError(Exception):
    """The environment cannot be made; the message is a sentence that says what to do."""


def learners() -> list[str]:
    """Return what a learner needs, as requirements like `name[extra]>=X.Y; sys_platform != "win32"`."""
    if INSTALLED:
        return [line for line in importlib.metadata.requires("luffy_lesson") or [] if "extra ==" not in line]
    return list(_project()["project"]["dependencies"])


def testers() -> list[str]:
    """Return what the tests need besides. An installed package has no tests."""
    return [] if INSTALLED else list(_project()["dependency-groups"]["test"])


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def missing(requirements: list[str]) -> list[str]:
    """Return those of the requirements that this Python's packages do not satisfy.

    Args:
        requirements: as `learners()` returns them.

    Raises:
        ValueError: for text that is no requirement.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return requirements  # before the set-up: it brings that package, too

    def satisfied(one: Requirement) -> bool:
        if one.marker and not one.marker.evaluate():
            return True
        try:
            version = importlib.metadata.version(one.name)
        except importlib.metadata.PackageNotFoundError:
            return False
        # What is left of a half-removed package has no version: None.
        return version is not None and one.specifier.contains(version, prereleases=True)

    return [text for text in requirements if not satisfied(Requirement(text))]


def hiding(needed: list[str]) -> list[str]:
    """Return the folders of `$PYTHONPATH` that hide packages or modules of this Python, if it has all that is needed.

    Args:
        needed: requirements, as `learners()` returns them. Where this Python lacks some without `$PYTHONPATH`, the
            packages are to come from there, and it hides nothing.
    """
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    if not folders:
        return []
    given = {os.path.realpath(folder) for folder in folders}
    own = [folder for folder in sys.path if folder.endswith("-packages") and os.path.realpath(folder) not in given]
    names = {found.name for found in pkgutil.iter_modules(own)}
    hide = [
        folder
        for folder in folders
        if os.path.realpath(folder) != os.path.realpath(ROOT)
        and any(found.name in names for found in pkgutil.iter_modules([folder]))
    ]
    return [] if hide and _missing_in(Path(sys.executable), needed) else hide


def enter(arguments: list[str], make: bool = True, tests: bool = False) -> None:
    """Return when this Python has all that is needed; else run the launcher again in the course's own environment.

    Args:
        arguments: those of the launcher.
        make: whether to make that environment where it is missing or incomplete; else return then.
        tests: whether the tests' packages are needed, too.

    Raises:
        SetUpError: when there is none, and none can be made.
    """
    needed = learners() + (testers() if tests else [])
    if folders := hiding(needed):
        print(f"The course runs without your PYTHONPATH: {', '.join(folders)} has other versions.", file=sys.stderr)
        run([sys.executable, "-m", "luffy_lesson", *arguments], {"PYTHONPATH": "" if INSTALLED else str(ROOT)})
    lacking = missing(needed)
    if not lacking:
        os.environ.pop(AGAIN, None)  # from a terminal in JupyterLab, another command may need more
        return
    if INSTALLED:
        if make:
            raise SetUpError(f"These packages are missing: {', '.join(lacking)}. Install the course again.")
        return
    if AGAIN in os.environ:
        raise SetUpError(
            f"The packages were installed, and yet these are missing: {', '.join(lacking)}. "
            f"Delete the folder {VENV} and try again."
        )
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if lacking := _missing_in(python, needed):
        if not make:
            return
        _set_up(python, lacking)
    run([str(python), "-m", "luffy_lesson", *arguments], {AGAIN: "1"})


def run(command: list[str], variables: "dict[str, str] | None" = None) -> None:
    """Become another program: its end is the end of this one.

    Args:
        command: the program and its arguments.
        variables: added to its environment.
    """
    print(end="", flush=True)
    if sys.platform == "win32":
        sys.exit(subprocess.run(command, env=variables_for(variables)).returncode)
    os.execve(command[0], command, variables_for(variables))


def wait_for(command: list[str]) -> int:
    """Run another program to its end, and return its exit code: negative when a signal ended it.

    Args:
        command: the program and its arguments.
    """
    print(end="", flush=True)
    process = subprocess.Popen(command, env=variables_for())
    # Ctrl-C reaches the other program as well, and is its to handle; a request to end has to be passed on.
    mine = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: process.terminate()}
    before = {number: signal.signal(number, handler) for number, handler in mine.items()}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def variables_for(more: "dict[str, str] | None" = None) -> dict[str, str]:
    """Return the environment for another process, with which it finds the course, and what `more` variables say."""
    # Without `pip install -e .` too, every kernel shall find the package.
    own = [] if INSTALLED else [str(ROOT)]
    path = os.pathsep.join(filter(None, [*own, os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path} | (more or {})


def _missing_in(python: Path, requirements: list[str]) -> list[str]:
    """Return those of the requirements that another Python's packages do not satisfy; all, when it does not run."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from luffy_lesson.host.environment import missing;"
        "sys.stdout.writelines(f'{one}\\n' for one in missing(sys.argv[2:]))"
    )
    done = _call(python, "-c", program, ROOT, *requirements, output=subprocess.PIPE)
    return requirements if done.returncode else done.stdout.decode().splitlines()


def _set_up(python: Path, lacking: list[str]) -> None:
    """Make `.venv` where there is none, and install into it. What this makes and cannot finish, it removes.

    Args:
        python: that of `.venv`.
        lacking: what it does not have.
    """
    uv = shutil.which("uv")
    made = not VENV.exists()
    _check_place(made)
    if made:
        _check_space()
    pip = [uv, "pip"] if uv else [str(python), "-m", "pip"]
    here = ["--python", str(python)] if uv else []
    try:
        print("Setting up the course, once: this takes a minute or two.", flush=True)
        if uv and not python.exists():
            _phase("making the environment", uv, "venv", "--clear", "--python", sys.executable, VENV)
        elif not uv and _call(python, "-m", "pip", "--version").returncode:
            if not all(map(importlib.util.find_spec, ["venv", "ensurepip"])):
                package = f"python3.{sys.version_info.minor}-venv"  # `python3-venv` is for the system's own Python
                raise SetUpError(
                    "This Python cannot make virtual environments: its `venv` or `ensurepip` is missing. "
                    f"On Debian and Ubuntu, `sudo apt install {package}` brings them; then try again."
                )
            _phase("making the environment", sys.executable, "-m", "venv", "--clear", VENV)
        # What nobody imports need not be compiled.
        compiling = [] if uv else ["--no-compile"]
        try:
            _phase("installing the packages", *pip, "install", *here, *compiling, *lacking)
        except SetUpError:
            _check_space(0.05)
            if not _reaches_packages(pip, here):
                raise SetUpError(
                    "No package can be downloaded, not even a small one. What the installer said is above, and all of "
                    f"it in {LOG}. Give it a way to a package index, then try again."
                ) from None
            raise
        if lacking := _missing_in(python, lacking):
            mend = (
                f"`target` or `prefix` in uv's settings sends them elsewhere; `UV_CONFIG_FILE={os.devnull} {COMMAND}` "
                "leaves those settings out."
                if uv
                else "`pip config list` shows what sends them elsewhere (target, prefix, root); "
                f"`PIP_CONFIG_FILE={os.devnull} {COMMAND}` leaves it out."
            )
            raise SetUpError(f"The packages were installed, but not into {VENV}: {', '.join(lacking)}. {mend}")
        # An editable install does no more, and first downloads what builds packages.
        _phase("adding the course", python, "-c", ADD, ROOT)
    except BaseException:
        if made:
            shutil.rmtree(VENV, ignore_errors=True)
        raise


def _check_place(made: bool) -> None:
    """Raise SetUpError where nothing can be written. Empty the log."""
    place = LOG
    try:
        LOG.write_bytes(b"")
        place = ROOT if made else VENV
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        mend = "Copy the course to a folder of your own, and start it there."
        raise SetUpError(
            f"The set-up cannot write to {place}: {error.strerror}. {'Delete it first.' if place == VENV else mend}"
        ) from None


def _check_space(share: float = 1) -> None:
    """Raise SetUpError where less is free than this share of what a set-up from nothing needs."""
    for (use, needed), folder in zip(SPACE.items(), [ROOT, Path(tempfile.gettempdir())], strict=True):
        free = shutil.disk_usage(folder).free // 10**6
        if free < needed * share:
            raise SetUpError(f"{folder} has {free} MB free, and {use} need {needed} MB. Make room, then try again.")


def _phase(doing: str, *command: "str | Path") -> None:
    """Run a program of the set-up to its end; print what it is doing, and how long that took.

    Raises:
        SetUpError: when it fails. Its last lines are printed before.
    """
    print(f"  {doing}: ", end="", flush=True)
    begun = time.monotonic()
    with LOG.open("ab") as log:
        begins = log.tell()
        try:
            failed = _call(*command, output=log).returncode
        finally:
            print(f"{time.monotonic() - begun:.0f} s", flush=True)
    if failed:
        said = LOG.read_bytes()[begins:].decode(errors="replace").splitlines()
        print(*[line[:300] for line in said if line.strip()][-4:], sep="\n", file=sys.stderr)
        raise SetUpError(f"The set-up failed while {doing}: see above. All that was said is in {LOG}.")


def _reaches_packages(pip: list[str], here: list[str]) -> bool:
    """Whether the installer can get a small package with its own settings, and nothing that was kept."""
    if here:
        return not _call(*pip, "install", *here, "--no-cache", "--reinstall", "--dry-run", "packaging").returncode
    with tempfile.TemporaryDirectory() as folder:
        once = ["--no-cache-dir", "--no-deps", "--retries=0", "--timeout=10", f"--dest={folder}"]
        return not _call(*pip, "download", *once, "packaging").returncode


def _call(
    *command: "str | Path", output: "int | IO[bytes]" = subprocess.DEVNULL
) -> "subprocess.CompletedProcess[bytes]":
    # The environment of the course stands by itself: nothing that is elsewhere counts, and nothing goes there.
    variables = {name: value for name, value in os.environ.items() if name not in {*ELSEWHERE, "PYTHONPATH"}}
    pip = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    words = [str(word) for word in command]
    errors = subprocess.DEVNULL if output == subprocess.PIPE else subprocess.STDOUT
    try:
        return subprocess.run(words, cwd=ROOT, env=variables | pip, stdout=output, stderr=errors)
    except OSError:
        return subprocess.CompletedProcess(words, 1)
