"""Other processes of a check: the rivals of an answer, and those that are killed in the middle of it.

What an answer asks of the server goes through a gate there, whichever connection it uses. So a process can be killed
before each of its commands, or be held there while another does its work.
"""

import contextlib
import os
import pickle
import select
import signal
import socket
import socketserver
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import quote

import redis

from luffy_lesson.classroom.check.connection import connect, guard
from luffy_lesson.classroom.check.sandbox import Wrong
from luffy_lesson.classroom.check.waiting import SOON

GREETINGS = {b"HELLO", b"AUTH", b"CLIENT", b"SELECT", b"PING"}
"""Commands that a client sends of its own accord: no step of an answer."""

Task = Callable[[Any], Any]
"""Something to do with a connection."""


class Process:
    """A process of its own that calls a function. It must be ended: by `result`, or by `kill`."""

    def __init__(self, function: Callable[[], Any]) -> None:
        """Begin to call `function`."""
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)  # the parent has the time of the step
                signal.alarm(30)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                os.write(writer, _answer(function))
            finally:
                os._exit(0)
        os.close(writer)
        self._ended = False

    def kill(self) -> None:
        """Kill it, as a machine that loses power does."""
        if not self._ended:
            self._ended = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self._reader)

    def ends(self, seconds: float) -> bool:
        """Wait for so many seconds until it has its answer, or is dead. Return whether."""
        return self._ended or bool(select.select([self._reader], [], [], seconds)[0])

    def result(self, seconds: float = SOON) -> Any:
        """Return what the function returned, or raise what it raised; None when the process was killed.

        Raise `Wrong` when it has no answer after so many seconds.
        """
        if self._ended:
            return None
        if not self.ends(seconds):
            self.kill()
            raise Wrong("an answer of another process", f"none after {seconds:.1f} s", "for what does it wait?")
        parts = []
        while part := os.read(self._reader, 65536):
            parts.append(part)
        self.kill()
        if not parts:
            return None
        raised, answer = pickle.loads(b"".join(parts))
        if raised:
            raise answer
        return answer


def _answer(function: Callable[[], Any]) -> bytes:
    """Return what a function returns or raises, as it travels."""
    try:
        answer = (False, function())
    except BaseException as error:
        answer = (True, error)
    try:
        pickle.loads(sent := pickle.dumps(answer))
        return sent
    except Exception:  # a class of the answer's cell
        raised, thing = answer
        return pickle.dumps((raised, Wrong("no exception", repr(thing)) if raised else repr(thing)))


class Cut(Exception):
    """A command is not passed on. What came before it is carried out, `then` is called, and the connection closed."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.then = then


class Gate(socketserver.ThreadingTCPServer):
    """Stands before the server of `$REDIS_URL`, counts the commands of all its connections, and can hold each.

    A transaction is one command: its `EXEC`.
    """

    request_queue_size = 50

    def __init__(self) -> None:
        self.upstream = connect()
        super().__init__(("127.0.0.1", 0), _Passing)
        own = self.upstream.get_connection_kwargs()
        user, password = (quote(own.get(name) or "", safe="") for name in ("username", "password"))
        who = f"{user}:{password}@" if user or password else ""
        self.url = f"redis://{who}127.0.0.1:{self.server_address[1]}/{own.get('db') or 0}"
        self.wrong: Wrong | None = None
        self.closing = Event()
        self._lock = Lock()
        self.commands: list[tuple[bytes, ...]] = []  # that came since `watch`
        self.watch()
        self._thread = Thread(target=self.serve_forever, args=[0.02], name="the check's own")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()  # waits for the connections' threads
        self.upstream.close()

    def connect(self) -> Any:
        """Return a connection through the gate. From now on `$REDIS_URL` leads there, too."""
        os.environ["REDIS_URL"] = self.url
        return connect(self.url)

    def through(self, task: Task) -> Callable[[], Any]:
        """Return what does a task with a connection through the gate, in a process of its own."""
        given = connect(self.url)  # here, and not in each process, which pays for each page of memory that it touches

        def do() -> Any:
            os.environ["REDIS_URL"] = self.url
            return task(given)

        return do

    def watch(self, before: Callable[[int], None] = lambda number: None) -> None:
        """Count from one again, and call `before` with the number of each command before it is passed on."""
        with self._lock:
            self.commands = []
            self.before = before

    def result(self, process: Process) -> Any:
        """Return the result of a process that uses the gate. Raise `Wrong` when it asked for what is not its own."""
        try:
            return process.result(2 * SOON)
        finally:
            if self.wrong:
                raise self.wrong

    def comes(self, command: tuple[bytes, ...], counts: bool) -> None:
        """Let a command come. Raise `Cut` when it is not to be passed on."""
        try:
            guard(command)
        except Wrong as error:
            self.wrong = error
            raise Cut from None
        if not counts:
            return
        with self._lock:
            self.commands.append(command)
            number, before = len(self.commands), self.before
        before(number)


class _Passing(socketserver.BaseRequestHandler):
    """A connection through the gate."""

    server: Gate

    def handle(self) -> None:
        pool = self.server.upstream.connection_pool
        upstream = pool.connection_class(**pool.connection_kwargs)  # in TLS, or to a file, if need be
        with contextlib.suppress(OSError, redis.RedisError), upstream._connect() as there:  # and no greetings
            try:
                self._pass_on(there)
            except Cut as cut:
                there.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):
                    while there.recv(1 << 16):  # until the server has carried out what it has, and hangs up
                        pass
                cut.then()

    def _pass_on(self, there: Any) -> None:
        gate, client, rest, in_multi = self.server, self.request, b"", False
        ready: list[Any] = []
        while ready or not gate.closing.is_set():
            ready = select.select([client, there], [], [], 0.02)[0]
            for source in ready:
                data = source.recv(1 << 16)
                if not data:
                    return
                if source is there:
                    client.sendall(data)
                    continue
                rest += data
                while found := first_command(rest):
                    command, end = found
                    raw, rest = rest[:end], rest[end:]
                    name = command[0].upper()
                    in_multi = name == b"MULTI" or (in_multi and name not in (b"EXEC", b"DISCARD"))
                    gate.comes(command, counts=not in_multi and name not in GREETINGS)
                    there.sendall(raw)


def first_command(data: bytes, at: int = 0) -> tuple[tuple[bytes, ...], int] | None:
    """Return the command that begins at a place in `data`, and where it ends; None when it is not all there yet."""
    end = data.find(b"\r\n", at)
    if end < 0:
        return None
    parts = []
    count, at = int(data[at + 1 : end]), end + 2
    for _ in range(count):
        end = data.find(b"\r\n", at)
        if end < 0 or len(data) < (ends := end + 2 + int(data[at + 1 : end])) + 2:
            return None
        parts.append(data[end + 2 : ends])
        at = ends + 2
    return tuple(parts), at


def killed(gate: Gate, task: Task) -> Iterator[int]:
    """Let a process do a task with a connection, and kill it before its first command, then one before its second ….

    Yield after each how many of its commands came through. The last one is not killed any more.
    """
    through = gate.through(task)
    for number in range(1, 100):
        victim: Future[Process] = Future()

        def kill(victim: Future[Process] = victim) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim.result().pid, signal.SIGKILL)

        def before(command: int, number: int = number, kill: Callable[[], None] = kill) -> None:
            if command >= number:
                raise Cut(kill)

        gate.watch(before)
        victim.set_result(Process(through))
        gate.result(victim.result())
        came = len(gate.commands)
        gate.watch()
        yield min(number - 1, came)
        if came < number:
            return


def held(gate: Gate, task: Task, other: Callable[[], Any], patience: float = 0.2) -> Iterator[tuple[Any, Any]]:
    """Let a process do a task, and hold it before its first command, then one before its second …, as another acts.

    `other` acts in a process of its own, with connections of its own: the held one goes on when that has ended, or
    seems to wait: it has not after `patience` seconds, nor as long as another process takes to be heard. Yield what the
    two returned. The last one is not held any more: `other` acts after it.
    """
    through = gate.through(task)
    for number in range(1, 100):
        rivals: list[Process] = []

        def before(command: int, number: int = number, rivals: list[Process] = rivals) -> None:
            if command == number:
                rivals.append(Process(other))
                _be_patient(rivals[0], patience)

        gate.watch(before)
        process = Process(through)
        try:
            first = gate.result(process)
            last = not rivals
            if last:
                rivals.append(Process(other))
            second = rivals[0].result(2 * SOON)
        finally:
            process.kill()
            for rival in rivals:
                rival.kill()
        gate.watch()
        yield first, second
        if last:
            return


def _be_patient(rival: Process, seconds: float) -> None:
    """Wait until a process has ended, or seems to wait: on a busy machine that is told by another, which is as slow."""
    if rival.ends(seconds / 2):
        return
    another = Process(lambda: [connect().ping() for _ in range(3)])
    another.ends(SOON)
    another.kill()
    rival.ends(seconds / 2)


def together(*functions: Callable[[], Any], seconds: float = SOON) -> list[Any]:
    """Call functions at the same moment, each in a process of its own. Return what they returned."""
    reader, writer = os.pipe()

    def begin(function: Callable[[], Any]) -> Any:
        os.close(writer)
        os.read(reader, 1)  # until it is closed
        return function()

    processes = [Process(lambda function=function: begin(function)) for function in functions]  # type: ignore[misc]
    os.close(reader)
    os.close(writer)
    try:
        end = time.monotonic() + seconds
        return [process.result(max(0.1, end - time.monotonic())) for process in processes]
    finally:
        for process in processes:
            process.kill()
