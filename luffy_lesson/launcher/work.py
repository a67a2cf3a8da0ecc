"""A process of its own with processors: `python3 -m luffy_lesson work FILE_OR_MODULE -c 5`."""

import importlib
import importlib.util
import io
import logging
import os
import queue
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

import redis

from luffy_lesson import redis_client
from luffy_lesson.host import steps
from luffy_lesson.host.redis_server import RedisServer
from luffy_lesson.step4_redis_queue import Luffy, Worker

FIRST_WITH_REDIS, FIRST_WITH_HEARTBEAT = 4, 5
PACKAGE = str(Path(redis_client.__file__).parent)


def work(
    target: str,
    count: int,
    lesson: int,
    until_eof: bool,
    step: int | None = None,
    heartbeat: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Import the workers, and do jobs until the process is interrupted or terminated. Jobs in hand are finished.

    It ends as well when what they print can be written no more, to a pipe that nobody reads or to a full disk. No job
    fails for that.

    Args:
        target: a Python file, or the name of a module.
        count: how many processors.
        lesson: whose jobs, on the lesson's own server; `$REDIS_URL`, where it is set, goes before it.
        until_eof: end as well when standard input is closed.
        step: whose backend and processors, by default those of the newest.
        heartbeat: `beat_every` and `gone_after`, in seconds, for the backend.

    Raises:
        SystemExit: with a sentence, when the workers cannot be imported, or the server or the output cannot be used.
    """
    # Not an Event: the main thread may hold its lock when a signal comes, and a handler runs in the main thread.
    stopping: queue.SimpleQueue[OSError | None] = queue.SimpleQueue()
    for name in ("stdout", "stderr"):
        if stream := getattr(sys, name):  # none, when the shell has closed it
            setattr(sys, name, _guarded(stream, stopping.put))
    fit = [number for number in steps.STEPS if number >= FIRST_WITH_REDIS]
    if step and step not in fit:
        sys.exit(f"Step {step} has no processors for other processes; these have: {', '.join(map(str, fit))}.")
    if heartbeat and (step or max(steps.STEPS)) < FIRST_WITH_HEARTBEAT:
        sys.exit(f"Step {step} has no heartbeat: that begins with step {FIRST_WITH_HEARTBEAT}.")
    _import_workers(target)
    handler = logging.StreamHandler()
    handler.setFormatter(OwnLines("%(message)s"))
    logging.basicConfig(handlers=[handler])  # unless the workers' file has set up another
    if lesson and os.environ.get("REDIS_URL"):
        print(f"REDIS_URL is set, so --lesson {lesson} is ignored.", flush=True)
    try:
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or f"{RedisServer().start()}/{lesson}"
        system = steps.step(step)
        Luffy.backend = backend = system.RedisBackend(**heartbeat)
        if warning := redis_client.warning(backend.redis):
            print(warning, flush=True)
        pool = system.Processor.start(count)
    except (redis.RedisError, RuntimeError, TimeoutError, ValueError) as error:
        sys.exit(str(error))

    def stop(_: int, __: object) -> None:
        signal.signal(signal.SIGINT, second)  # a second one does not wait for the jobs in hand
        signal.signal(signal.SIGTERM, second)
        stopping.put(None)

    def leave(number: int, _: object) -> None:
        os._exit(128 + number)

    # The first process of a container is spared the signals that it does not handle itself.
    second = leave if os.getpid() == 1 else signal.SIG_DFL

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print(f"{count} processors take jobs from {Luffy.backend!r}. Ctrl-C stops them.", flush=True)
    if until_eof:  # nobody writes to it, so there is something to read only at its end; none is at its end, too
        while stopping.empty() and sys.stdin and not select.select([sys.stdin], [], [], 0.2)[0]:
            pass
    else:
        # A signal that comes the moment before a wait begins does not end that wait: so no wait is long.
        while stopping.empty():
            time.sleep(0.2)
        print("Finishing the jobs in hand. Ctrl-C now gives them up.", flush=True)
    pool.stop()
    if not stopping.empty() and (failure := stopping.get()):
        sys.exit(f"What the jobs print cannot be written ({failure.strerror}), so no more are done.")


class OwnLines(logging.Formatter):
    """Tells where an error was raised in the lines of whoever wrote the workers; those of the course say nothing."""

    def formatException(self, ei: Any) -> str:
        """Return the text of an exception."""
        told = traceback.TracebackException(*ei)
        own = [line for line in told.stack if not line.filename.startswith(PACKAGE)]
        told.stack = traceback.StackSummary.from_list(own) if own else None  # type: ignore[assignment]
        return "".join(told.format()).rstrip()


class Output(io.FileIO):
    """Where jobs print to. A write that fails is no error of theirs: `failed` is told."""

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


def _guarded(stream: Any, failed: Callable[[OSError], None]) -> TextIO:
    """Return a stream like `stream` in which no write fails."""
    raw: Any = Output(stream, failed)
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _import_workers(target: str) -> None:
    path = Path(target)
    if path.suffix == ".ipynb":
        sys.exit(f"{target} is a notebook. Put the workers into a Python file, and import it in the notebook as well.")
    try:
        if path.suffix == ".py":
            _import_file(path)
        elif all(part.isidentifier() for part in target.split(".")):
            sys.path.insert(0, str(Path.cwd()))
            importlib.import_module(target)
        else:
            sys.exit(f"{target!r} is neither a Python file nor the name of a module.")
    except ModuleNotFoundError as error:
        sys.exit(f"{target} cannot be imported: {error}.")
    if not Worker.registry:
        sys.exit(f"{target} defines no worker: write a class there that is derived from step 4's Worker.")


def _import_file(path: Path) -> None:
    if not path.is_file():
        sys.exit(f"There is no file {path} in {Path.cwd()}.")
    sys.path.insert(0, str(path.parent.resolve()))
    # Under a name of its own: the file may be called like a module that is imported already.
    spec = importlib.util.spec_from_file_location("the_workers", path)
    assert spec
    assert spec.loader
    module = sys.modules["the_workers"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
