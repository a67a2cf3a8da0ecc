"""A process of its own with processors: `python3 -m luffy_lesson work FILE_OR_MODULE -c 5`."""

import importlib
import importlib.util
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import redis

from luffy_lesson import redis_client
from luffy_lesson.host import steps
from luffy_lesson.host.redis_server import RedisServer
from luffy_lesson.launcher import output
from luffy_lesson.launcher.supervisor import Guard, Supervisor
from luffy_lesson.step4_redis_queue import Luffy, Worker, say
from luffy_lesson.step10_process import STOP, TOLD, Pool, Process, Signals

FIRST_WITH_REDIS, FIRST_WITH_HEARTBEAT, FIRST_WITH_QUEUES = 4, 5, 9
PACKAGE = str(Path(redis_client.__file__).parent)


def work(
    target: str,
    count: int,
    lesson: int,
    until_eof: bool,
    step: int | None = None,
    heartbeat: Mapping[str, float] = MappingProxyType({}),
    queues: Mapping[str, float | None] = MappingProxyType({}),
    processes: int | None = None,
    deadline: float = 25.0,
    hash_tag: str | None = None,
) -> int:
    """Import the workers, and do jobs until the process is interrupted or terminated.

    Jobs in hand are finished, until the deadline. It ends as well when what they print can be written no more, to a
    pipe that nobody reads or to a full disk. No job fails for that.

    Args:
        target: a Python file, or the name of a module.
        count: how many processors.
        lesson: whose jobs, on the lesson's own server; `$REDIS_URL`, where it is set, goes before it.
        until_eof: end as well when standard input is closed.
        step: whose backend and processors, by default those of the newest.
        heartbeat: `beat_every` and `gone_after`, in seconds, for the backend.
        queues: from which queues, with their weights; None each where the order counts.
        processes: in how many processes, each with `count` processors, and one more that looks after them; by default
            in this one.
        deadline: how many seconds the jobs in hand have when it is to end.
        hash_tag: under which all keys are, in a Redis Cluster.

    Returns:
        The exit code: 0 when it ended in order.

    Raises:
        SystemExit: with a sentence, when the workers cannot be imported, or the server or the output cannot be used.
    """
    fit = [number for number in steps.STEPS if number >= FIRST_WITH_REDIS]
    if step and step not in fit:
        sys.exit(f"Step {step} has no processors for other processes; these have: {', '.join(map(str, fit))}.")
    if heartbeat and (step or max(steps.STEPS)) < FIRST_WITH_HEARTBEAT:
        sys.exit(f"Step {step} has no heartbeat: that begins with step {FIRST_WITH_HEARTBEAT}.")
    if queues and (step or max(steps.STEPS)) < FIRST_WITH_QUEUES:
        sys.exit(f"Step {step} has one queue only: several begin with step {FIRST_WITH_QUEUES}.")
    settings: dict[str, Any] = {**heartbeat, "hash_tag": hash_tag}
    if queues:
        settings["queues"] = dict(queues) if all(queues.values()) else list(queues)

    ends = [sys.stdin.fileno() if sys.stdin else os.open(os.devnull, os.O_RDONLY)] if until_eof else []
    supervisor = None
    # The first process of a container inherits others, and cannot be killed from within: no job may hold that up.
    if processes := processes or int(os.getpid() == 1):
        supervisor = Supervisor(processes, deadline)
        _guard_output(supervisor)
        if (code := supervisor.run(*ends)) is not None:
            return code or int(supervisor.failure is not None)
        ends = [supervisor.alive]
    process = Announced(deadline)
    process.listen()
    if not supervisor:
        Guard(process)
    _guard_output(process)
    _import_workers(target)
    handler = logging.StreamHandler()
    handler.setFormatter(OwnLines("%(message)s"))
    logging.basicConfig(handlers=[handler])  # unless the workers' file has set up another
    if lesson and os.environ.get("REDIS_URL"):
        print(f"REDIS_URL is set, so --lesson {lesson} is ignored.", flush=True)
    try:
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or f"{RedisServer().start()}/{lesson}"
        system = steps.step(step)
        Luffy.backend = backend = system.RedisBackend(**settings)
        if warning := redis_client.warning(backend.redis):
            print(warning, flush=True)
        pool = system.Processor.start(count)
    except (redis.RedisError, RuntimeError, TimeoutError, ValueError) as error:
        sys.exit(str(error))
    say(f"{count} processors take jobs from {Luffy.backend!r}. Ctrl-C stops them.")
    if supervisor:
        supervisor.started()
    code = process.run(pool, *ends)
    if failure := process.failure:
        print(f"What the jobs print cannot be written ({failure.strerror}), so no more are done.", file=sys.stderr)
        code = 1
    if supervisor:
        code = code or supervisor.left
    if any(thread.is_alive() for thread in pool.threads):
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(code)
    return code


class Announced(Process):
    """A process that tells whoever started it what it does."""

    unfinished = ""  # what becomes of the jobs that were in hand at the deadline

    def quiet(self) -> None:
        """Take no more jobs."""
        super().quiet()
        self.pool.processors[-1].stopping.wait(1)  # a thread tells them, the last one last: now it is so
        say("No more jobs are taken. Ctrl-C ends this process.")

    def stop(self, why: int | None) -> int:
        """Stop the pool, and return the exit code."""
        if why in STOP:
            say("Finishing the jobs in hand. Ctrl-C now gives them up.")
        code = super().stop(why)
        if self.unfinished and not code:
            say(f"Jobs in hand were not finished in {self.deadline:g} s{self.unfinished}")  # a thread would be named
        return code

    def give_back(self) -> int:
        """Give back what is in hand, where the step can; else others put it back when its heartbeat has stopped."""
        can = isinstance(self.pool, Pool)
        self.unfinished = ": they are taken next." if can else "."
        return super().give_back() if can else 0


class OwnLines(logging.Formatter):
    """Tells where an error was raised in the lines of whoever wrote the workers; those of the course say nothing."""

    def formatException(self, ei: Any) -> str:
        """Return the text of an exception."""
        told = traceback.TracebackException(*ei)
        own = [line for line in told.stack if not line.filename.startswith(PACKAGE)]
        told.stack = traceback.StackSummary.from_list(own) if own else None  # type: ignore[assignment]
        return "".join(told.format()).rstrip()


def _guard_output(signals: Signals) -> None:
    """Let no write to standard output or errors fail, and let `signals` know of it in place of that."""

    def failed(error: OSError) -> None:
        if not signals.failure:
            signals.failure = error
            signals.add(TOLD)

    output.guard(failed)


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
