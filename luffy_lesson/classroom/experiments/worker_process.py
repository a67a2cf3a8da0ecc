"""Other processes for the experiments: real ones, really ended."""

import contextlib
import os
import re
import select
import subprocess
import sys
import threading
import time
from typing import ClassVar, Self

from luffy_lesson.classroom.watch import elsewhere
from luffy_lesson.classroom.watch.cell_output import owner
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.events import Elsewhere, events
from luffy_lesson.host.environment import variables_for

READY_WITHIN = 30
"""How long a worker process may take until its processors are ready, in seconds."""

TO_A_TERMINAL = re.compile(r"(Finishing the jobs in hand|No more jobs are taken)\. Ctrl-C .*")
"""What a worker process says to whoever has a keyboard."""


def another_process(code: str, timeout: float = 30) -> None:
    """Run code in a Python process of its own, wait for it, and print what it prints.

    Args:
        code: the program.
        timeout: for how many seconds it may run.

    Raises:
        subprocess.TimeoutExpired: when it is still running then; it is killed.
    """
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=timeout,
    )
    print(done.stdout, end="")


def _environment() -> dict[str, str]:
    return variables_for({"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"})


class WorkerProcess:
    """A process of its own with processors: `python3 -m luffy_lesson work FILE -c COUNT`. Its lines are shown here."""

    running: "ClassVar[set[WorkerProcess]]" = set()

    def __init__(
        self,
        file: str,
        count: int = 5,
        step: int = 4,
        silent: bool = False,
        watched: bool = False,
        **heartbeat: float,
    ) -> None:
        """Start the process, and return when its processors are ready.

        Args:
            file: the Python file that defines the workers.
            count: how many processors.
            step: which step's.
            silent: whether its lines are not shown here.
            watched: whether it tells of its jobs, for the journey of a board that is live. It starts a little later.
            heartbeat: `beat_every` and `gone_after` for its backend, in seconds: from step 5 on.

        Raises:
            RuntimeError: when the process does not get ready; it says why.
        """
        seconds = [f"--{name.replace('_', '-')}={value}" for name, value in heartbeat.items()]
        options = [f"-c{count}", f"--step={step}", *seconds, "--until-eof"]
        self._process = subprocess.Popen(
            [sys.executable, *(elsewhere.TELLING if watched else ["-m", "luffy_lesson"]), "work", file, *options],
            env=_environment(),
            stdin=subprocess.PIPE,  # closed when this kernel ends, however it ends: then the process ends too
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._cell = owner.running()
        self._silent = silent
        self._ready = threading.Event()
        self._first_lines: list[str] = []
        WorkerProcess.running.add(self)
        self._reader = threading.Thread(target=self._show, name="lines of the worker process")
        try:
            self._reader.start()
            if not self._ready.wait(READY_WITHIN) or self._process.poll() is not None:
                raise RuntimeError(f"The worker process did not get ready. {' '.join(self._first_lines)}")
            self._tell("ready", count)
        except BaseException:
            self.kill()
            raise

    @property
    def exit_code(self) -> int | None:
        """How it has ended: negative when a signal did it; None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def stop(self, timeout: float = 30) -> None:
        """Let the process finish the jobs in hand, and wait for its end.

        Args:
            timeout: for how many seconds to wait; then it is killed.
        """
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    def kill(self) -> None:
        """End the process this instant, as `kill -9` and a power cut do: nothing in it runs on, nothing is tidied."""
        self._process.kill()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error:  # nobody waits for its jobs any more
            self.kill()
        else:
            self.stop()

    def _end(self) -> None:
        self._process.wait()
        with contextlib.suppress(RuntimeError):  # interrupted while it was started: it ends with the lines
            self._reader.join()
        WorkerProcess.running.discard(self)

    def _show(self) -> None:
        """Print the lines of the process as they come: the work of the reader thread."""
        owner.pin(self._cell)
        assert self._process.stdin
        assert self._process.stdout
        rest = b""
        while chunk := self._read(self._process.stdout.fileno()):
            *lines, rest = elsewhere.taken_out(rest + chunk, self._pass_on).split(b"\n")
            for line in lines:
                self._show_line(line.decode(errors="replace"))
        if rest:
            self._show_line(rest.decode(errors="replace"))
        self._process.stdin.close()
        self._process.stdout.close()
        self._tell("killed" if self._process.wait() < 0 else "ended")
        self._ready.set()

    def _pass_on(self, entry: Entry) -> None:
        events.tell(Elsewhere(self._process.pid, entry))

    def _tell(self, what: str, number: int = 1) -> None:
        self._pass_on(Entry(time.monotonic(), what, number=number))

    def _show_line(self, line: str) -> None:
        if self._ready.is_set():
            shown = TO_A_TERMINAL.sub("", line)
            if not self._silent and (shown or not line):
                print(f"{shown}\n", end="")
        elif "processors take jobs" in line:
            print("".join(f"{first}\n" for first in self._first_lines), end="")
            self._ready.set()
        else:
            self._first_lines.append(line)

    def _read(self, pipe: int) -> bytes:
        assert self._process.stdin
        while not select.select([pipe], [], [], 0.2)[0]:
            if not threading.main_thread().is_alive():
                self._process.stdin.close()  # the sign for the process to end
        return os.read(pipe, 65536)
