"""What a command prints may go to a pipe that nobody reads, or to a full disk. Standard library only."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO


class Unwritable(Exception):
    """What is printed can be written no more. No OSError: that might be taken for one of another file."""


class Output(io.FileIO):
    """Where is printed to. A write that fails raises nothing of its own: `failed` is told."""

    def __init__(self, stream: TextIO, failed: Callable[[OSError], None]) -> None:
        """Write to where `stream` does."""
        super().__init__(stream.fileno(), "w", closefd=False)
        self._failed = failed

    def write(self, data: Any, /) -> int | None:  # type: ignore[override]
        """Write `data`, and return how many bytes that were: all, when they cannot be written."""
        try:
            return super().write(data)
        except OSError as error:
            self._failed(error)
            return len(data)


def guard(failed: Callable[[OSError], None]) -> None:
    """Let `failed` know of each write to standard output or errors that fails, in place of an error.

    Args:
        failed: what it raises, whoever prints gets.
    """
    for name in ("stdout", "stderr"):
        if stream := getattr(sys, name):  # none, when the shell has closed it
            setattr(sys, name, _guarded(stream, failed))


@contextlib.contextmanager
def written() -> Iterator[None]:
    """End a command at the first write that fails. Raise SystemExit, with a sentence, in place of all else."""
    failure: OSError | None = None

    def failed(error: OSError) -> None:
        nonlocal failure
        if not failure:
            failure = error
            raise Unwritable

    if sys.stdout is sys.__stdout__:  # else a test keeps what is printed
        guard(failed)
    try:
        yield
    finally:
        with contextlib.suppress(Unwritable):
            print(end="", flush=True)
        if failure:
            sys.exit(f"What this command prints cannot be written ({failure.strerror}), so it has ended.")


def _guarded(stream: Any, failed: Callable[[OSError], None]) -> TextIO:
    """Return a stream like `stream` that tells `failed` of a write that fails."""
    raw: Any = Output(stream, failed)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
