"""How long a newcomer's first start takes, and how much it brings, beside that of another commit.

Each start is `python3 -m luffy_lesson` in a fresh clone, with an empty home, with pip and nothing kept. It ends when
JupyterLab has given its first page, and another process has imported what a notebook's first cell does. The two take
turns at being first.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 900
"""How long a start may take, in seconds."""

BARE = f"{sys.base_prefix}/bin/python3"

FIRST_LINES = "from luffy_lesson.classroom import check, lesson, predict, show, stopwatch, timeline, watch, words"


def start(commit: str, python: str, keep: list[str]) -> tuple[float, ...]:
    """Start the course for the first time.

    Args:
        commit: of which one.
        python: the Python to start it with.
        keep: names of variables of this environment that the start needs, as a proxy's.

    Returns:
        The seconds until the first page was there and a notebook's first lines had run, those of the processor in
        them, which other work changes less, and the megabytes of what was made, on the disk and downloaded.
    """
    with tempfile.TemporaryDirectory(prefix="first_start_", ignore_cleanup_errors=True) as folder:
        course, home = Path(folder, "course"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", ROOT, course], check=True)
        subprocess.run(["git", "-C", course, "checkout", "--quiet", commit], check=True)
        Path(folder, "bin").mkdir()
        for program in ("git", "sh"):
            Path(folder, "bin", program).symlink_to(str(shutil.which(program)))
        variables = {name: os.environ[name] for name in keep if name in os.environ} | {
            "PATH": f"{folder}/bin",  # without uv
            "HOME": str(home),
            "PIP_NO_CACHE_DIR": "1",
            "PIP_LOG": f"{folder}/pip.log",
        }
        begun, used = time.monotonic(), sum(os.times()[2:4])
        command = [python, "-m", "luffy_lesson", "--no-browser", "--ServerApp.port=0", "--IdentityProvider.token=x"]
        with open(f"{folder}/said", "w") as said:
            course_runs = subprocess.Popen(
                command, cwd=course, env=variables, stdout=said, stderr=said, start_new_session=True
            )
        try:
            answered(course_runs, Path(folder, "said"))
            if not (course / ".venv").is_dir():
                sys.exit(f"{python} has all packages already: no environment was made. Give --python one without them.")
            subprocess.run(
                [course / ".venv/bin/python", "-c", FIRST_LINES], cwd=course / "notebooks", env=variables, check=True
            )
            seconds = time.monotonic() - begun
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(course_runs.pid, signal.SIGKILL)
            course_runs.wait()
            used = sum(os.times()[2:4]) - used
            subprocess.run(
                [python, "-m", "luffy_lesson", "redis", "stop"], cwd=course, env=variables, stdout=subprocess.DEVNULL
            )
        made = sum(path.lstat().st_blocks * 512 for path in (course / ".venv").rglob("*")) / 1e6
        return seconds, used, made, downloaded(Path(folder, "pip.log").read_text())


def answered(process: "subprocess.Popen[bytes]", said: Path) -> None:
    """Wait until JupyterLab has given its first page."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"The start has failed:\n{said.read_text()[-2000:]}")
        if address := re.search(r"http://127\.0\.0\.1:\d+/lab\S*", said.read_text()):
            with contextlib.suppress(OSError), urllib.request.urlopen(address[0], timeout=60) as page:
                page.read()
                return
        time.sleep(0.05)
    sys.exit(f"No first page within {PATIENCE} s:\n{said.read_text()[-2000:]}")


def downloaded(log: str) -> float:
    """Return the megabytes that pip says it has downloaded: wheels and their metadata, not the index's pages."""
    units = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0}
    found = re.findall(r"Downloading .* \(([\d.]+) (bytes|kB|MB)\)", log)
    return sum(float(number) * units[unit] for number, unit in found)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("commit", help="what to compare with; git's name for it")
    parser.add_argument("--with", dest="other", default="HEAD", help="what to compare (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is started (%(default)s)")
    parser.add_argument("--python", default=BARE, help="one without packages, to start it with (%(default)s)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="NAME", help="variables the start needs: a proxy's")
    options = parser.parse_args()
    python = os.path.abspath(shutil.which(options.python) or parser.error(f"there is no {options.python}"))
    measured: dict[str, list[tuple[float, ...]]] = {options.commit: [], options.other: []}
    for number in range(options.rounds):
        for commit in list(measured)[:: -1 if number % 2 else 1]:
            measured[commit].append(start(commit, python, options.keep))
            print(
                f"round {number + 1}: {commit}: {' · '.join(f'{figure:.0f}' for figure in measured[commit][-1])}",
                flush=True,
            )
    print("\n| commit | first page, s | processor, s | on disk, MB | downloaded, MB |\n|---|---|---|---|---|")
    middle = {
        commit: [statistics.median(column) for column in zip(*rows, strict=True)] for commit, rows in measured.items()
    }
    for commit, figures in middle.items():
        print(f"| {commit} | {' | '.join(f'{figure:.0f}' for figure in figures)} |")
    ratios = [new / old for old, new in zip(middle[options.commit], middle[options.other], strict=True)]
    print(f"| ratio | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")


if __name__ == "__main__":
    main()
