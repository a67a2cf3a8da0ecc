"""A sandbox: a learner's code runs in a process of its own, so that nothing in it can hurt the notebook.

The process is forked, because a learner's class cannot be sent to another one. Between it and the notebook stands a
keeper, which ends it with all that it has started. What it prints is thrown away; what was found out comes through a
pipe.
"""

import builtins
import concurrent.futures.thread
import contextlib
import ctypes
import faulthandler
import gc
import getpass
import io
import json
import linecache
import logging
import os
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from luffy_lesson.classroom.watch import hooks
from luffy_lesson.classroom.watch.labels import last_line, shortened

PATIENCE = 4
"""How long one step may take, in seconds."""

LONGEST = 8
"""How long all steps together may take, in seconds."""

MOST_PRINTED = 100_000
"""How many characters the code may print."""

MEMORY = 2**30
"""How many bytes the code may take."""

ENDS = "leaves no thread running"
"""The last step of every check."""

RAISES = "raises nothing in a thread"
"""What is not right when all steps are, and a thread has raised something: the step in which it began may be over."""

PR_SET_CHILD_SUBREAPER = 36
"""Of Linux: a process becomes the parent of all that its children leave behind."""

Steps = Iterator[str]
"""A check: it yields the name of each step before it tries it, and raises `Wrong` where something is not right."""


class Saw(str):
    """Yielded by a check within a step: what was seen, for the learner to read."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return how many there are, for a learner: `no call`, `one call`, `2 calls`; `many` is another plural."""
    return f"{number} {many or one + 's'}" if number > 1 else f"{'one' if number else 'no'} {one}"


class Wrong(Exception):
    """A step is not right: what was expected, what was seen instead, and one thing to look at."""

    def __init__(self, expected: str, seen: str, look: str = "") -> None:
        super().__init__(expected, seen, look)
        self.expected, self.seen, self.look = expected, seen, look


class Planned(Exception):
    """What the workers of a check raise. A thread that ends with it is not the learner's mistake."""


class PlannedEnd(BaseException):
    """The same, and no `Exception`."""


class PlannedInterrupt(PlannedEnd, KeyboardInterrupt):
    """The same as if ■ had been pressed."""


class OutOfTime(BaseException):
    """A step takes too long. Raised in the main thread where it stands, so that one knows where that is."""


class Outcome(NamedTuple):
    """What became of a step."""

    step: str
    right: bool
    says: str = ""
    look: str = ""
    missing: str = ""  # what the learner has not written yet, if it is that


def attempt(steps: Callable[[Any], Steps], answer: Any) -> Iterator[Outcome]:
    """Run the steps of a check on a learner's answer. Yield what became of each, up to the first that is not right.

    Args:
        steps: the check.
        answer: the learner's class or function.
    """
    with tempfile.TemporaryDirectory(prefix="luffy_check_") as folder:
        ends, keeper = os.pipe(), 0
        with open(ends[0], "rb", 0) as reader, open(ends[1], "wb", 0) as writer:
            try:
                with _interrupts_held_back(), warnings.catch_warnings():
                    # Python warns that another thread may hold a lock now, for which the child then waits for ever.
                    # The child has its own output, its own logging, no board, and a certain end.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    keeper = os.fork()
                    if not keeper:
                        _keep(lambda: _be_the_child(steps, answer, writer.fileno(), folder), writer.fileno())
                writer.close()
                yield from _follow(reader.fileno())
            finally:
                if keeper:
                    for number in (signal.SIGTERM, signal.SIGCONT):  # the code may have stopped it
                        os.kill(keeper, number)
                    os.waitpid(keeper, 0)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let ■ come a moment later: in the middle of a fork, nobody would know yet which process to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    for number in came:
        signal.raise_signal(number)


def _keep(be_the_child: Callable[[], None], writer: int) -> None:
    """Be the keeper: fork the child, and end with it, and with all that it has started. SIGTERM ends it at once."""

    def end(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # until one knows which process to end
        if sys.platform == "linux":
            # Who starts a process and ends leaves it to the keeper, and not to the system, also one in a session of
            # its own. Elsewhere such a process cannot be found.
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            be_the_child()
        signal.signal(signal.SIGTERM, end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        os.close(writer)
        while os.wait()[0] != child:
            pass
        deadline = time.monotonic() + 2  # who has become another user cannot be ended
        with contextlib.suppress(ChildProcessError):  # none is left
            while time.monotonic() < deadline:
                if not os.waitpid(-1, os.WNOHANG)[0]:
                    for other in psutil.Process().children(recursive=True):
                        with contextlib.suppress(psutil.Error):
                            other.kill()
    finally:
        os._exit(0)


def _follow(reader: int) -> Iterator[Outcome]:
    """Yield what the child tells, until it has told all or is out of time."""
    # The child notices by itself when a step takes too long. Only if the learner's code swallows that, it must be ended
    # from here, a second later.
    ends, step_ends = time.monotonic() + LONGEST + 1, time.monotonic() + PATIENCE + 1
    step, rest = "starts", b""
    while True:
        left = min(ends, step_ends) - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            says = f"expected an answer within {PATIENCE} s, and the code does not let itself be stopped"
            yield Outcome(step, False, says, "a loop that never ends, around an `except` that catches everything?")
            return
        chunk = os.read(reader, 65536)
        if not chunk:
            says = "expected the code to go on, and it has ended the whole process"
            yield Outcome(step, False, says, "`os._exit`, or a crash outside of Python?")
            return
        *messages, rest = (rest + chunk).split(b"\n")
        for message in messages:
            match json.loads(message):
                case ["begin", name]:
                    step, step_ends = name, time.monotonic() + PATIENCE + 1
                case ["outcome", *fields]:
                    yield Outcome(*fields)
                case ["end"]:
                    return


def _be_the_child(steps: Callable[[Any], Steps], answer: Any, writer: int, folder: str) -> None:
    try:
        os.setsid()
        builtins.input = getpass.getpass = _ask  # in a notebook they would wait for the notebook
        faulthandler.disable()  # it would write to the notebook
        gc.freeze()  # what belongs to the notebook, its sockets for one, must not be tidied up here
        hooks.uninstall()
        logging.disable()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os.chdir(folder)
        _limit_memory()
        _Trial(writer).run(steps(answer))
    finally:
        os._exit(0)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # not every system has such a limit
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (taken + MEMORY, taken + MEMORY))


def _ask(*_: object, **__: object) -> str:
    """Stand for `input`."""
    raise Wrong("code that goes on by itself", "a question, which nobody can answer in a check", "`input`")


class _Printed(io.TextIOBase):
    """Where the child prints: it is thrown away, and counted."""

    characters = 0

    def write(self, text: str) -> int:
        self.characters += len(text)
        return len(text)


class _Trial:
    """The steps, one after another: the child's work."""

    def __init__(self, writer: int) -> None:
        self._writer = writer
        self._ends = time.monotonic() + LONGEST
        self._saw = ""
        self._stopped = False
        self._raised: list[BaseException] = []  # by threads
        self._printed = sys.stdout = sys.stderr = _Printed()
        threading.excepthook = self._note
        signal.signal(signal.SIGALRM, self._stop)

    def run(self, steps: Steps) -> None:
        """Run the steps, and tell what became of each."""
        step: str | None = ""
        steps = chain(steps, _threads_end())
        while step is not None:
            try:
                following = self._next(steps)
            except BaseException as error:  # whatever the learner's code raises
                in_thread = any(error is raised for raised in self._raised)
                if in_thread and step == ENDS:  # all steps are right, and yet
                    step = RAISES
                self._tell("outcome", *_wrong(step or "", error, in_thread))
                break
            if step:
                self._tell("outcome", *Outcome(step, True, self._saw))
            if following:
                self._tell("begin", following)
            step, self._saw = following, ""
        self._tell("end")

    def _next(self, steps: Steps) -> str | None:
        """Go on to the next step; return its name, or None when there is none. Raise what was wrong with this one."""
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_REAL, max(0.1, min(PATIENCE, self._ends - time.monotonic())), 2)
            while isinstance(following := next(steps, None), Saw):
                self._saw = following
        except (Exception, OutOfTime):
            if self._raised:  # that is why
                raise self._raised[0] from None
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # of an answer that interrupts itself, a moment too late
        if following is None and self._raised:
            raise self._raised[0]
        if self._stopped:  # and the code has swallowed that
            raise OutOfTime
        if (printed := self._printed.characters) > MOST_PRINTED:
            raise Wrong("a few printed lines at most", f"{printed:,} characters", "a `print` in a loop?")
        return following

    def _tell(self, *message: object) -> None:
        os.write(self._writer, json.dumps(message).encode() + b"\n")

    def _note(self, raised: Any) -> None:
        # Python says nothing of a thread that calls `sys.exit`. One of the check's own does not, but by an answer.
        exits = SystemExit if not (raised.thread and raised.thread.name.startswith("the check's")) else ()
        if raised.exc_value and not isinstance(raised.exc_value, (Planned, PlannedEnd, exits)):
            self._raised.append(raised.exc_value)

    def _stop(self, *_: object) -> None:
        if self._stopped:  # the code goes on, and the notebook is not there any more to end it
            os.killpg(0, signal.SIGKILL)
        self._stopped = True
        raise OutOfTime


def _threads_end() -> Steps:
    """Yield the last step of every check: no thread is left."""
    yield ENDS
    deadline = time.monotonic() + 2
    # Python ends the threads of executors by itself. Which they are, it tells by this private name only.
    executors = getattr(concurrent.futures.thread, "_threads_queues", ())
    others = [
        thread for thread in threading.enumerate() if thread is not threading.main_thread() and thread not in executors
    ]
    for thread in others:
        thread.join(max(0, deadline - time.monotonic()))
    if left := [thread.name for thread in others if thread.is_alive()]:
        raise Wrong("every thread to have ended", f"still running: {', '.join(left)}", "what should end its loop?")


def _wrong(step: str, error: BaseException, in_thread: bool) -> Outcome:
    """Return the outcome of a step that raised `error`."""
    places = list(traceback.walk_tb(error.__traceback__))
    mine = [place for place in places if place[0].f_globals.get("__name__") == "__main__"]
    look = ""
    if mine:
        frame, line = mine[-1]
        code = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
        look = f"line {line} of its cell" + (f": `{code}`" if code else "")
    thread = " in a thread" if in_thread else ""
    match error:
        case Wrong():
            seen = " ".join(error.seen.split())
            return Outcome(step, False, f"expected {error.expected}, saw {shortened(seen)}", error.look or look)
        case NotImplementedError() if mine and mine[-1] is places[-1]:
            return Outcome(step, False, missing=frame.f_code.co_name)
        case OutOfTime():
            says = f"expected an answer within {PATIENCE} s, and the code was still at work"
            return Outcome(step, False, says, look or "a wait for something that never comes?")
        case SystemExit():
            says = f"expected the code to go on{thread}, and it has called `sys.exit`"
            return Outcome(step, False, says, look)
    name, seen = type(error).__name__, last_line(error)
    if not seen.startswith(name):  # its message has more lines than one, or a note behind it
        seen = f"{name}: {seen}"
    return Outcome(step, False, f"expected no exception{thread}, saw {seen}", look)
