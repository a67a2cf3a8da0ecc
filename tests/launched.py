"""The launcher, run in processes of its own."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import redis
from fast_import import PYTHONPATH

import luffy_lesson
from luffy_lesson.host.redis_server import ENDS_WITH

ROOT = Path(luffy_lesson.__file__).parents[1]

# A shell that has started the tests in the background has them ignore Ctrl-C. What they start must not inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Started:
    """A process that runs, and whose lines can be waited for."""

    def __init__(self, command: list[str], **options: object) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        self.pid = self.process.pid
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, text: str, timeout: float = 30) -> str:
        """Return the next line that has `text` in it."""
        deadline = time.monotonic() + timeout
        while (line := self._next(deadline)) is not None:
            if text in line:
                return line
        raise AssertionError(f"The process ended without {text!r}: {self.lines}")

    def ends(self, timeout: float = 30) -> int:
        """Wait for the end of the process, and return its exit code."""
        deadline = time.monotonic() + timeout
        code = self.process.wait(timeout)
        while self._next(deadline) is not None:
            pass
        return code

    def goes_on(self, seconds: float = 0.5) -> bool:
        """Whether the process still runs that much later."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._arriving.put(line.rstrip("\n"))
        self._arriving.put(None)

    def _next(self, deadline: float) -> str | None:
        try:
            line = self._arriving.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"No such line in time: {self.lines}") from None
        if line is not None:
            self.lines.append(line)
        return line


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of a launcher: nothing of the user's, no `uv`, and this checkout to import."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    return {
        "PATH": str(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "LUFFY_HOME": os.environ["LUFFY_HOME"],
        ENDS_WITH: os.environ[ENDS_WITH],
        "PYTHONPATH": PYTHONPATH,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "BROWSER": sys.executable,  # any program there is: `doctor` does not open it
    }


@pytest.fixture
def launch(variables: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`python -m luffy_lesson`, run to its end."""

    def launch(
        *arguments: str, python: str = sys.executable, cwd: Path = tmp_path, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "luffy_lesson", *arguments],
            cwd=cwd,
            env=variables | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return launch


@pytest.fixture
def start(variables: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """`python -m luffy_lesson`, started. It is ended with the test."""
    started = []

    def start(
        *arguments: str,
        run: Sequence[str] = ("-m", "luffy_lesson"),
        python: str = sys.executable,
        cwd: Path = tmp_path,
        preexec: Callable[[], object] | None = None,
        **more: str,
    ) -> Started:
        started.append(Started([python, *run, *arguments], cwd=cwd, env=variables | more, preexec_fn=preexec))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout: what the launcher needs of it."""
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT / "luffy_lesson", copy / "luffy_lesson", ignore=shutil.ignore_patterns("right", "wrong"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
    """A connection to the test's own database, for texts."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        yield connection


@pytest.fixture
def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    return 1
