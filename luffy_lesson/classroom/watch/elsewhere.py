"""A worker process that tells of its jobs.

Among the lines that it prints are some for whoever started it: a record separator, as in RFC 7464, and an `Entry` with
the times of `time.monotonic()`, which count from the same moment in every process of a machine. Each is written in one
go, so it is there even if the process is killed next.
"""

import contextlib
import os
import re
import runpy
import threading
from collections.abc import Callable

from luffy_lesson.classroom.watch import hooks
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.events import Event, events
from luffy_lesson.classroom.watch.record import Record

TELLING = ["-c", f"from {__name__} import work; work()"]
"""How to start it: what stands in place of `-m luffy_lesson`."""

STDOUT = 1
LINES = re.compile(rb"\x1e([^\n]*)\n")


class Teller:
    """Writes what happens here to standard output."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._record = Record(opened=0.0)
        self._lock = threading.Lock()

    def tell(self, event: Event) -> None:
        """Write what has happened; to a pipe that nobody reads, nothing."""
        with self._lock, contextlib.suppress(OSError):
            self._record.take(event)
            for entry in self._record.entries:
                os.write(STDOUT, b"\x1e" + entry.line().encode("utf-8", "replace") + b"\n")
            self._record.entries.clear()


def taken_out(printed: bytes, tell: Callable[[Entry], object]) -> bytes:
    """Return what is left of what a process has printed, without the entries in it.

    Args:
        printed: some bytes.
        tell: is called with each entry.
    """

    def take(line: re.Match[bytes]) -> bytes:
        try:
            tell(Entry.read(line[1].decode("utf-8", "replace")))
        except ValueError:  # a job has printed that
            return line[0]
        return b""

    return LINES.sub(take, printed)


def work() -> None:
    """Do what `python3 -m luffy_lesson` does with the same arguments, and tell of it."""
    hooks.install()
    events.listen(Teller().tell)
    runpy.run_module("luffy_lesson", run_name="__main__", alter_sys=True)
