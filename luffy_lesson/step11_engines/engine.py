"""What all engines have in common: how a job comes to one, how its program calls a worker, and how that is started."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlsplit

import redis

import luffy_lesson
from luffy_lesson import redis_client, step3_memory_queue, step4_redis_queue
from luffy_lesson.step6_schedule import ENDLESS
from luffy_lesson.step9_queues import DEFAULT
from luffy_lesson.step10_process import Job, Limit, Message, TimeLimitExceeded, Worker, limited, middleware

logger = logging.getLogger(__name__)
GUARD = str(Path(__file__).with_name("guard.py"))
TERMS = {"queue": DEFAULT, "expires_in": None, "unique_for": None}
"""What a worker says of its jobs that only the steps know, and what it usually is."""
NOT_CAUGHT = (SystemExit, KeyboardInterrupt, MemoryError, TimeLimitExceeded)
WEEK = 7 * 24 * 60 * 60  # seconds
QUORUM = {
    "x-queue-type": "quorum",  # each job is on the disk of most nodes
    "x-delivery-limit": 20,  # a job that kills its process so often is dead
    "x-dead-letter-strategy": "at-least-once",  # else a job can be lost on its way to the dead
    "x-overflow": "reject-publish",  # which that needs
    "x-consumer-timeout": WEEK * 1000,  # else, from RabbitMQ 3.12 on, no job may take longer than half an hour
}
"""What a queue in RabbitMQ is told, so that it loses no job."""
VARIABLE = "LUFFY_ENGINE"
"""The environment variable in which the engine's program finds its backend. It is no argument: those all can read."""


class Poison(Exception):
    """A job was in hand each time when so many processes died: it may have killed them."""


class Program(step3_memory_queue.Processor):
    """The engine's own program: a process that performs jobs, and here a thread that shows its lines."""

    backend: "EngineBackend"

    def __init__(self, count: int, backend: "EngineBackend") -> None:
        """Make the program, with `count` processors of its own on `backend`. It is not started yet.

        Raise RuntimeError when there is no worker that it could import.
        """
        super().__init__(0, backend)
        self.thread.name = backend.engine
        self.command = [sys.executable, "-I", GUARD, *backend.command(count)]
        self.environment = backend.environment()
        self.process: subprocess.Popen[bytes] | None = None
        self.begun = threading.Event()  # it is ready, or it has ended
        self.ready = False
        self.last = deque[str](maxlen=20)  # lines, before it is ready

    def run(self) -> None:
        """Run the program until this thread is to leave, and begin it again when it ends before: a process can die."""
        while not self.leaving():
            code = self.run_once()
            self.begun.set()
            if not self.ready:
                return
            if not self.leaving():
                logger.warning("%s has ended (exit code %d): begun again in a second", self.thread.name, code)
                self.stopping.wait(1)

    def run_once(self) -> int:
        """Start the program, and show its lines until it ends. Return its exit code."""
        with subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as self.process:
            threading.Thread(target=self.end, args=[self.process], name=f"End of {self.thread.name}").start()
            for line in self.process.stdout or ():
                self.show(line.decode(errors="replace").rstrip("\n"))
        return self.process.returncode

    def end(self, process: Any) -> None:
        """Ask the program to end when the thread is to leave."""
        while process.poll() is None:
            if self.leaving():
                with contextlib.suppress(OSError, ValueError):  # it has ended this moment
                    process.stdin.raw.write(bytes([self.backend.stops]))
                return
            self.stopping.wait(0.2)

    def kill(self) -> None:
        """End the program this instant: that it hears no more from here is the sign. Return when it has ended."""
        if self.process and self.process.stdin:
            self.process.stdin.close()
            # Not `thread.join()`: up to Python 3.12, one that was interrupted takes the thread for dead.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)

    def show(self, line: str) -> None:
        """Print a line of the program, whole; or keep it while that is not ready."""
        if self.ready:
            with contextlib.suppress(OSError, ValueError):  # nobody can read it any more, and the program goes on
                print(f"{line}\n", end="", flush=True, file=sys.stdout)
        elif self.backend.ready in line:
            self.ready = True
            self.begun.set()
        else:
            self.last.append(line)


class Pool(step3_memory_queue.Pool):
    """What `Processor.start` returns: the engine's own program, with so many processors of its own."""

    ready_within = 30.0  # seconds

    def __init__(self, _: Any, count: int, backend: "EngineBackend") -> None:
        """Make the program, with `count` processors on `backend`.

        Raise ValueError when that is less than 1, RuntimeError when there is no worker that it could import.
        """
        super().__init__(step3_memory_queue.Processor, count, backend)
        self.program = Program(count, backend)
        self.processors, self.threads = [self.program], [self.program.thread]

    def start(self) -> "Pool":
        """Start the program, and return this pool when it is ready. Raise RuntimeError when it does not get so."""
        super().start()
        self.program.begun.wait(self.ready_within)
        if not self.program.ready:
            self.kill()
            said = "\n".join(self.program.last)
            raise RuntimeError(f"The program of {self.program.backend.engine} did not get ready. It said:\n{said}")
        return self

    def kill(self) -> None:
        """End the program this instant, whatever it has in hand."""
        self.quiet()
        self.program.kill()


class EngineBackend:
    """Where jobs wait: an engine. Its own program performs them, and tries again those that fail.

    Each engine says how it is given a job (`send`), and how its program is started (`command`) and finds what it needs
    (`names`).
    """

    engine: ClassVar[str]  # its name
    schemes: ClassVar[tuple[str, ...]] = ("redis", "rediss")  # how an address may begin
    away: ClassVar[tuple[type[Exception], ...]]  # what its library raises when the server does not answer
    ready: ClassVar[str]  # what its program says when it is ready, in a line
    stops: ClassVar[signal.Signals] = signal.SIGTERM  # lets its program finish the jobs in hand, and end
    longest = ENDLESS  # seconds until a job is due
    most_crashes = 3  # a job that was in hand when so many processes died is not begun again
    crashes: "redis.Redis | None" = None  # where these are counted, when the engine does not
    Pool: type[Any] = Pool

    def __init__(self, url: str | None = None, **settings: Any) -> None:
        """Use the server at `url`; without one, that of `$REDIS_URL`, else Redis's own default address.

        The engine's program gets the same `settings`. Raise ValueError when `url` is no address of such a server.
        """
        self.url = url or redis_client.address()
        self.settings = settings
        self.place = place(self.url, self.schemes)

    # How jobs come to the engine

    def put(self, job: Any, /) -> None:
        """Add a job.

        Raise TypeError when it cannot travel, ConnectionError within seconds when the server does not answer: whether
        the job was added is then not known.
        """
        self.send_all([job])

    def put_bulk(self, jobs: Iterable[Any]) -> None:
        """Add many jobs; raise what `put` raises: TypeError before the first is sent."""
        self.send_all(jobs)

    def schedule(self, job: Any, due: float) -> None:
        """Add a job that is due at that time, in seconds since 1970.

        Raise ValueError when that is too late for the engine, and what `put` raises.
        """
        if due - self.now() > self.longest:
            raise ValueError(f"{self!r} keeps no job for longer than {self.longest:.0f} seconds.")
        self.send_all([job], due)

    def now(self) -> float:
        """Return the time by the clock that says what is due: that of each machine, so they have to agree."""
        return time.time()

    def send_all(self, jobs: Iterable[Any], due: float | None = None) -> None:
        """Give the engine jobs, when all of them can travel."""
        checked = [self.check(job) for job in jobs]
        try:
            for job in checked:
                self.send(job, due)
        except self.away as error:
            raise ConnectionError(f"{self!r} does not answer: {error}") from error

    def check(self, job: Any) -> Job:
        """Return `job`, as it can travel. Raise TypeError when it cannot: there is one rule for all engines."""
        if isinstance(job, step4_redis_queue.Message):
            job = job.decode()
        name = job.worker.__name__
        if job.worker.__module__ == "__main__":
            raise TypeError(
                f"{name} is defined here, and another program performs it: put it in a .py file, and import that."
            )
        self.check_terms(job.worker)
        Message.encode(job)
        return Job(*job)

    def check_terms(self, worker: Any) -> None:
        """Raise TypeError when a worker asks for what only the steps do."""
        for term, usual in TERMS.items():
            if (value := getattr(worker, term, usual)) != usual:
                says = f"{worker.__name__}.{term} is {value!r}"
                raise TypeError(f"{says}, which a {type(self).__name__} does not heed: leave it out.")

    def send(self, job: Job, due: float | None) -> None:
        """Give the engine one job, due at a time in seconds since 1970, or now."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections to the server. The next job opens another."""

    # How the engine's program performs them

    def perform(self, name: str, args: Iterable[Any], id: str = "") -> None:
        """Perform a job: the one way in. Raise what the worker does; LookupError when `name` is none.

        Its result is not kept. Raise Poison when so many processes have died of it that it is to be given up.
        """
        message = Message(json.dumps({"worker": name, "args": [*args], "id": id}).encode())
        with self.counted(name, id), limits_kept():
            try:
                message.perform()
            except NOT_CAUGHT as error:  # it would end the process of the engine, which would begin the job again
                raise RuntimeError(f"{name} raised {error!r}") from error

    @contextlib.contextmanager
    def counted(self, name: str, id: str) -> Iterator[None]:
        """Let a job be performed. It counts as a crash until it has ended; raise Poison when there were too many."""
        key = f"luffy:{self.engine.lower()}:begun:{id}"
        try:
            if self.begin(key) > self.most_crashes:
                raise Poison(f"{name}: {self.most_crashes} processes have died with this job in hand. It is given up.")
            yield
        finally:
            if self.crashes:
                with contextlib.suppress(redis.RedisError):
                    self.crashes.unlink(key)

    def begin(self, key: str) -> int:
        """Note that a job is begun. Return how often it was and did not end; 0 where nobody counts."""
        if self.crashes:
            with contextlib.suppress(redis.RedisError), self.crashes.pipeline() as both:  # not to count costs no job
                return int(both.incr(key).expire(key, WEEK).execute()[0])  # type: ignore[attr-defined]
        return 0

    def worker(self, name: str) -> type[Worker]:
        """Return the worker that says how often a job is tried. One of an earlier step does not say."""
        worker = Worker.registry[name]
        return worker if issubclass(worker, Worker) else Worker

    def backoff(self, name: str, tries: int) -> float:
        """Return after how many seconds a job that was tried again `tries` times before is tried again.

        Raise ValueError when its worker does not say a number of seconds.
        """
        seconds = float(self.worker(name).backoff(tries))
        if not 0 <= seconds < ENDLESS:
            raise ValueError(f"{name}.backoff({tries}) is {seconds}, and not a number of seconds")
        return min(seconds, self.longest)

    # How that is started

    def command(self, count: int) -> list[str]:
        """Return the engine's own command line, with `count` processors."""
        raise NotImplementedError

    def names(self) -> dict[str, Any]:
        """Return what the engine's program looks for in `program.py`, by name."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the environment of the engine's program. It finds the modules that are found here.

        Raise RuntimeError when no module has a worker.
        """
        modules = sorted({worker.__module__ for worker in Worker.registry.values()} - {"__main__"})
        if not modules:
            raise RuntimeError("There is no worker in a .py file. Another program performs the jobs: import one here.")
        told = {"backend": type(self).__name__, "url": self.url, "settings": self.settings, "modules": modules}
        path = os.pathsep.join([*sys.path, str(Path(luffy_lesson.__file__).parents[1])])
        own = {VARIABLE: json.dumps(told), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        return os.environ | own

    # What an engine has not

    def get(self, block: bool = True, timeout: float | None = None) -> NoReturn:
        """Raise NotImplementedError: the engine's program takes the jobs."""
        raise NotImplementedError(f"{self.engine}'s own program takes the jobs: `Processor.start(5)` starts it.")

    def task_done(self) -> NoReturn:
        """Raise NotImplementedError: the engine's program acknowledges what it has taken."""
        raise NotImplementedError(f"{self.engine}'s own program says itself when a job is finished.")

    def qsize(self) -> int:
        """Return how many jobs wait. Raise NotImplementedError where the engine cannot count them."""
        raise NotImplementedError(f"{self.engine} does not count the jobs that wait.")

    def join(self) -> NoReturn:
        """Raise NotImplementedError: no engine knows when all jobs are finished."""
        raise NotImplementedError(
            f"{self.engine} does not know when all jobs are finished. Let the jobs say what they have done, and wait "
            "for that."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.place}>"


@contextlib.contextmanager
def limits_kept() -> Iterator[None]:
    """Let a job be performed whose time may be limited. In step 10, its pool looks whose time is over; here is none."""
    if not any(getattr(one, "func", None) is limited for one in middleware):
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=enforce, args=[over])
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def enforce(over: threading.Event) -> None:
    """Once a second, end the jobs whose time is over."""
    while not over.wait(1):
        Limit.enforce()


def place(url: str, schemes: tuple[str, ...]) -> str:
    """Return what of an address may be shown: no user, no password, no options.

    Raise ValueError when it is none with one of these schemes. Its text, in which a password may stand, is not told.
    """
    begins = " or ".join(f"{scheme}://" for scheme in schemes)
    looks, wrong = f"It looks like {schemes[-1]}://USER:PASSWORD@HOST:PORT, and begins with {begins}.", ""
    with contextlib.suppress(ValueError):  # whose text may hold a part of it
        at = urlsplit(url)
        port = f":{at.port}" if at.port else ""
        if at.scheme in schemes and at.hostname and not {"#", "@"} & {*at.path, *at.query, *at.fragment}:
            wrong = redis_client.wrong_in(url) if at.scheme in ("redis", "rediss") else ""
            if not wrong:
                return f"{at.scheme}://{at.hostname}{port}{at.path}"
    raise ValueError(f"This is no address. {looks} {wrong or redis_client.IN_PASSWORDS}")
