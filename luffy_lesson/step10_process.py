"""Step 10: a process like the real ones. Operators see it, and end it; what happens around each job is said once.

A *registry* in Redis tells of each pool which jobs it has in hand, and since when. A *process* obeys signals: it is
quiet, or it stops, and what is not done at the deadline goes back to its queue. *Middleware* goes around each job. (In
Sidekiq, too, these are `TSTP`, `TERM`, the process set, and the server middleware.)
"""

import contextlib
import ctypes
import faulthandler
import functools
import importlib
import logging
import math
import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import redis

from luffy_lesson import step5_reliable_queue, step9_queues
from luffy_lesson.step9_queues import Backend, Dead, Job, Luffy, Processor, Worker, fields, lanes_of, noted, say, tried

__all__ = [
    "Backend", "Busy", "Consumer", "Dead", "Delivery", "Job", "Luffy", "Message", "Middleware", "Pool", "Process",
    "ProcessInfo", "Processor", "RedisBackend", "TimeLimitExceeded", "Worker", "fields", "logged", "metrics",
    "middleware", "noted", "say", "time_limit", "tried",
]  # fmt: skip

logger = logging.getLogger(__name__)
WORDS = ("quiet", "stop")  # what a pool can be told
SHOWN = 2048  # bytes: so much of a job in hand is in the registry at most
ROOM = 2**16  # bytes: and so much of all those of a pool

# The registry: a sorted set KEYS[1] of the ids of pools, by the time until when the entry of each lasts; a hash KEYS[2]
# of the entries; a hash KEYS[3] of what somebody has told each.

# Forget the entries that are over.
TIDY = """
redis.call('ZREM', KEYS[1], '')
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
end"""

# Forget those, and write the entry ARGV[3] of the pool ARGV[1]: it lasts for ARGV[2] seconds. Returns what it was told.
REPORT = f"""{TIDY}
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return redis.call('HGET', KEYS[3], ARGV[1])"""

# Forget those, and the entry of the pool ARGV[1]: after it, no other may come who would.
LEAVE = f"""{TIDY}
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])"""

# Tell the pool ARGV[1] to do ARGV[2], if its entry lasts.
TELL = """
local now = redis.call('TIME')
local lasts = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if lasts <= now[1] + now[2] / 1e6 then return 0 end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
return 1"""

# The ids and the entries that last, a thousand at most. What is too large was written by somebody else.
PROCESSES = """
local now, found = redis.call('TIME'), {}
local lasting = string.format('(%.6f', now[1] + now[2] / 1e6)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], lasting, '+inf', 'LIMIT', 0, 1000)) do
  if redis.call('HSTRLEN', KEYS[2], id) < 2^18 then
    table.insert(found, {id, redis.call('HGET', KEYS[2], id)})
  end
end
return found"""


# Middleware


class Delivery(NamedTuple):
    """A job as it arrives."""

    worker: type[Worker]
    args: tuple[Any, ...]
    payload: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Whatever the payload says."""
        return fields(self.payload)

    @property
    def id(self) -> str:
        """The id of the job; empty where it has none."""
        return str(self.fields.get("id", ""))

    def __str__(self) -> str:
        return f"{self.worker.__name__} {self.id}".rstrip()  # no arguments: they may be secret


Middleware = Callable[[Delivery, Callable[..., Any]], Any]
middleware: list[Middleware] = []
"""What goes around each job of this process, the outermost first."""


def through(job: Delivery, chain: list[Middleware], place: int = 0) -> Any:
    """Perform `job` through the middleware of a chain from a place on; return or raise what the outermost does."""
    if place == len(chain):
        return job.worker.perform_now(*job.args)
    return chain[place](job, lambda changed=job: through(changed, chain, place + 1))


def logged(job: Delivery, perform: Callable[..., Any]) -> Any:
    """Log when a job begins, and when and how it ends, with its id: a middleware."""
    logger.info("%s begins", job)
    begin, ends = time.monotonic(), "was interrupted"
    try:
        result = perform()
        ends = "is done"
    except BaseException as error:
        ends = f"failed with {type(error).__name__}"
        raise
    finally:
        logger.info("%s %s after %.3f s", job, ends, time.monotonic() - begin)
    return result


def metrics(job: Delivery, perform: Callable[..., Any]) -> Any:
    """Count jobs, and how long they take, by worker, as metrics of Prometheus: a middleware."""
    done, failed, seconds = meters(job.worker.__name__)
    outcome, begin = failed, time.monotonic()
    try:
        result = perform()
        outcome = done
    finally:
        outcome.inc()
        seconds.observe(time.monotonic() - begin)
    return result


@functools.cache
def meters(worker: str) -> tuple[Any, Any, Any]:
    """Return what counts the jobs of a worker that are done, and that failed, and their seconds."""
    count, seconds = instruments()
    return count.labels(worker, "done"), count.labels(worker, "failed"), seconds.labels(worker)


@functools.cache
def instruments() -> tuple[Any, Any]:
    """Return a counter of jobs, and a histogram of their seconds, in the default registry of `prometheus_client`."""
    client = importlib.import_module("prometheus_client")  # here: who does not measure need not have it
    count = client.Counter("luffy_jobs", "Jobs that were performed", ["worker", "outcome"])
    return count, client.Histogram("luffy_job_seconds", "How long jobs took", ["worker"])


class TimeLimitExceeded(BaseException):
    """A job takes longer than it may. It is no `Exception`: a job that catches all of those would go on."""


class Limit:
    """Until when a thread has to be done with something."""

    running: dict["Limit", None] = {}

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.thread = threading.get_ident()
        self.exceeded = False
        Limit.running[self] = None

    def interrupt(self) -> None:
        """Raise `TimeLimitExceeded` in the thread: between two of its instructions in Python, and never within C."""
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread), ctypes.py_object(TimeLimitExceeded))
        self.exceeded = True

    def end(self) -> None:
        """Be over: nothing is raised any more once this has returned."""
        # Whoever takes the limit out of the dictionary has it. A lock would not do: the error may come within it.
        if Limit.running.pop(self, self) is self:
            while not self.exceeded:  # the reporter is about to
                time.sleep(0.001)
            # Taken back with None, it would leave all threads of Python 3.11 slow for good: so let it come, here.
            with contextlib.suppress(TimeLimitExceeded):
                self.interrupt()
                while True:
                    time.sleep(0)

    @classmethod
    def enforce(cls) -> None:
        """Interrupt those whose time is over, each once."""
        now = time.monotonic()
        for limit in cls.running.copy():
            if limit.until < now and cls.running.pop(limit, limit) is None:
                limit.interrupt()


def time_limit(seconds: float) -> Middleware:
    """Return a middleware that ends a job after so many `seconds`: it fails with `TimeLimitExceeded`.

    A pool looks once a second. What cannot be interrupted is a call into C, such as `time.sleep`, a read from a
    socket or a long sort: the job ends when that returns. It may end at any of its lines, also in a `finally`. Raise
    ValueError when `seconds` is no positive number.
    """
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError(f"A time limit is a number of seconds greater than 0, not {seconds!r}.")
    return functools.partial(limited, seconds)


def limited(seconds: float, job: Delivery, perform: Callable[..., Any]) -> Any:
    """Do a job that may take so many `seconds`; return or raise what it does, or `TimeLimitExceeded`."""
    limit = Limit(seconds)
    try:
        return perform()
    except TimeLimitExceeded as error:
        error.args = error.args or (f"{job} took longer than {seconds:g} s",)
        raise
    finally:
        limit.end()


class Message(step9_queues.Message):
    """A job as it travels, performed through the middleware."""

    def perform(self) -> Any:
        """Do the job, here and now; return or raise what the middleware does, or raise what `decode` does."""
        worker, args = self.read()
        if not middleware:
            return worker.perform_now(*args)
        return through(Delivery(worker, tuple(args), self.payload), middleware.copy())


class Only(step9_queues.Only, Message):  # type: ignore[misc]
    """A job that is the only one of its kind, performed through the middleware."""


# The registry


class Busy(NamedTuple):
    """A job in hand."""

    processor: str
    job: Message  # cut off where it is long
    since: Annotated[float, msgspec.Meta(ge=0, lt=1e11)]  # seconds since 1970, by the server's clock


class ProcessInfo(NamedTuple):
    """What the registry tells of a pool."""

    id: str
    host: str
    pid: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    queues: dict[str, float | None]  # with their weights; None where they have none
    concurrency: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    started: Annotated[float, msgspec.Meta(ge=0, lt=1e11)]  # seconds since 1970, by the server's clock
    quiet: bool
    busy: list[Busy]

    @classmethod
    def read(cls, id: bytes, entry: bytes) -> "ProcessInfo | None":
        """Return what an entry says; None where it is none: anybody may write there."""
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            found = msgspec.json.decode(entry, type=cls)
            if found.id.encode() == id:
                return found
        return None


class Holder(step5_reliable_queue.Owned):
    """What takes jobs, and knows which one is in hand."""

    def performing(self) -> bytes | None:
        """Return the job that was taken and is not finished, for any thread that asks; None when there is none."""
        with contextlib.suppress(IndexError):  # it has just been acknowledged
            for lane in lanes_of(self):
                if lane.begun > lane.done:
                    job: bytes = lane.taken[-1]
                    return job
        return None

    def give_up_all(self) -> bool:
        """Give back all, the job in hand too, to be taken next. Return whether there was one.

        Who performs it goes on, and acknowledges nothing.
        """
        held = self.performing() is not None
        for one in (self, *lanes_of(self)):
            one.copied |= held  # before the job ends: the original is whoever takes it next
        self.close()  # type: ignore[attr-defined]
        return held


class Lane(Holder, step9_queues.Lane):
    """Through what somebody takes the jobs of one queue."""


class Consumer(Holder, step9_queues.Consumer):
    """Through what somebody takes the jobs of several queues."""


class Entry:
    """The entry of a pool in the registry."""

    def __init__(self, pool: "Pool") -> None:
        self.pool, self.backend = pool, pool.backend
        self.host, self.pid = socket.gethostname().encode(errors="replace").decode(), os.getpid()
        self.id = f"{self.host}:{self.pid}:{secrets.token_hex(6)}"
        self.started = 0.0  # seconds since 1970, by the server's clock
        self.ahead = 0.0  # seconds, of that clock, of time.monotonic()
        self.told = b""  # what the pool was told last
        self.seen = dict[str, tuple[bytes, float]]()  # the job that each processor has in hand, and since when
        self.lock = threading.Lock()
        self.over = False

    def exchange(self) -> str:
        """Write the entry. Return what the pool is told, each word once; empty when that is nothing."""
        with self.lock:
            if self.over:
                return ""
            info = msgspec.json.encode(self.info())
            told = self.backend.report(self.id, info) or b""
        new, self.told = told != self.told, told
        return told.decode(errors="replace") if new else ""

    def remove(self) -> None:
        """Remove the entry for good."""
        with self.lock:
            self.over = True
            self.backend.leave(self.id)

    def info(self) -> ProcessInfo:
        """Return what there is to tell."""
        if not self.started:
            self.started = self.backend.now()
            self.ahead = self.started - time.monotonic()
        queues = self.backend.weights or dict.fromkeys(self.backend.queues)
        count, quiet = len(self.pool.processors), self.pool.quieted
        return ProcessInfo(self.id, self.host, self.pid, queues, count, self.started, quiet, self.busy())

    def look(self) -> None:
        """See what is in hand, and what still is: so nobody has to note it for each job."""
        now, before = time.monotonic(), self.seen
        held = {one.thread.name: one.consumer.performing() for one in self.pool.processors}
        new = {name: (payload, now) for name, payload in held.items() if payload is not None}
        self.seen = new | {name: one for name, one in before.items() if one[0] is held.get(name)}

    def busy(self) -> list[Busy]:
        """Return the jobs in hand."""
        room = min(SHOWN, ROOM // len(self.pool.processors))
        self.look()
        return [Busy(name, Message(job[:room]), since + self.ahead) for name, (job, since) in self.seen.items()]


class Pool(step9_queues.Pool):
    """A group of processors with an entry in the registry, and one thread more, the reporter, which writes it.

    A pool that is quiet keeps its entry until it is stopped.
    """

    def __init__(self, processor: type[Any], count: int, backend: Any) -> None:
        """Make `count` processors of the class `processor` on `backend`; raise what the steps below raise."""
        super().__init__(processor, count, backend)
        self.quieted = False
        self.stopped = threading.Event()
        self.entry = Entry(self)
        self.due = 0.0  # when to write the entry again, by time.monotonic()
        self.threads.append(threading.Thread(target=self.report, name="Reporter"))

    @property
    def id(self) -> str:
        """What the registry calls this pool."""
        return self.entry.id

    def quiet(self) -> None:
        """Take no more jobs, give back what is not begun, and return at once."""
        self.quieted, self.due = True, 0.0
        super().quiet()

    def stop(self, timeout: float | None = None) -> None:
        """Take no more jobs, and return when those in hand are finished; raise as in step 3."""
        self.stopped.set()
        super().stop(timeout)

    def obey(self, what: str) -> None:
        """Be quiet, or stop, without waiting for the jobs in hand: what somebody has told this pool."""
        if what == "stop":
            self.stopped.set()
        self.quiet()

    def give_back(self) -> int:
        """Give back what is in hand, to be taken next. Return how many jobs that were.

        For who has waited long enough for `stop`. Their threads go on, so these jobs may be done twice. Raise
        redis.RedisError when the server fails; others will put back what is still in flight.
        """
        return sum(processor.consumer.give_up_all() for processor in self.processors)

    def report(self) -> None:
        """Keep the entry up to date, and interrupt what takes too long: what the reporter does."""
        going = True
        while going:
            Limit.enforce()
            self.entry.look()
            if time.monotonic() >= self.due:
                self.due = time.monotonic() + min(self.backend.report_every, self.backend.beat_every)
                self.attempt(self.exchange)
            going = self.attend()
        self.attempt(self.entry.remove)

    def attend(self) -> bool:
        """Wait a while. Return whether to go on: while a processor lives, and quiet until the pool is stopped."""
        seconds = min(self.backend.look_every, self.backend.beat_every)
        for processor in self.processors:
            if processor.thread.is_alive():
                processor.thread.join(seconds)
                return True
        self.stopped.wait(seconds)
        return self.quieted and not self.stopped.is_set() and threading.main_thread().is_alive()

    def exchange(self) -> None:
        """Write the entry, and do what the pool is told."""
        told = self.entry.exchange()
        if told in WORDS:
            self.obey(told)

    def attempt(self, chore: Callable[[], None]) -> None:
        """Do something with the registry, and log it when that fails: no job depends on it."""
        try:
            chore()
        except Exception as error:
            logger.warning("%r: %s (the registry does not know)", self.backend, str(error) or repr(error))


class RedisBackend(step9_queues.RedisBackend):
    """Queues in Redis, with a registry of who takes jobs from them."""

    _needs = f"{step9_queues.RedisBackend._needs} HSET HGET HDEL HSTRLEN"
    report_every = 3.0  # seconds
    look_every = 1.0  # seconds: how often a pool sees what is in hand, and what takes too long
    message = Message
    only = Only
    Pool: type[Any] = Pool

    @property
    def registry(self) -> list[str]:
        """The keys of the registry."""
        key = f"{self.key}:processes"
        return [key, f"{key}:info", f"{key}:told"]

    def consumer(self) -> Any:
        """Return a new consumer, for whoever asks: of one queue, a lane will do."""
        return Consumer(self) if len(self.queues) > 1 else Lane(self, self.queues[0])

    def report(self, id: str, entry: bytes) -> bytes | None:
        """Write the entry of a pool, and forget those that are over. Return what the pool was told."""
        told: bytes | None = self.redis.eval(REPORT, 3, *self.registry, id, self.gone_after, entry)
        return told

    def leave(self, id: str) -> None:
        """Forget the entry of a pool."""
        self.redis.eval(LEAVE, 3, *self.registry, id)

    def processes(self) -> list[ProcessInfo]:
        """Return who takes jobs, the oldest first: each pool whose last report is no older than its `gone_after`.

        Raise redis.RedisError when the server fails.
        """
        found = self.redis.eval(PROCESSES, 3, *self.registry)
        infos = filter(None, (ProcessInfo.read(id, entry) for id, entry in found))
        return sorted(infos, key=lambda info: (info.started, info.id))

    def tell(self, process_id: str, what: Literal["quiet", "stop"]) -> bool:
        """Ask a process to be quiet, or to stop: it hears of that with its next report. Return whether there is one.

        Raise ValueError for another word, redis.RedisError when the server fails.
        """
        if what not in WORDS:
            raise ValueError(f'A process can be told "quiet" or "stop", not {what!r}.')
        return bool(self.redis.eval(TELL, 3, *self.registry, process_id, what))


# The process


class Signals(step5_reliable_queue.Owned):
    """The signals that come to this process, one after another. For its main thread."""

    failure: OSError | None = None  # for whoever adds a number because of one

    def __init__(self, *numbers: signal.Signals) -> None:
        """Take the signals `numbers` from `listen` on."""
        super().__init__()
        self.numbers = numbers
        self.listens = False
        # The system itself writes the number of a signal there, whenever it comes. A queue would not do: a signal that
        # comes the moment before a wait begins does not end that wait.
        self.ear, self.mouth = socket.socketpair()
        self.mouth.setblocking(False)
        self.unread = False

    def listen(self) -> None:
        """Take the signals, also those that were held up."""
        self.listens = True
        signal.set_wakeup_fd(self.mouth.fileno(), warn_on_full_buffer=False)
        for number in self.numbers:
            signal.signal(number, self.came)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.numbers)

    def forked(self) -> None:
        """Be deaf: what is sent to a copy does not concern its original."""
        if self.listens:
            signal.set_wakeup_fd(-1)
            for number in self.numbers:
                signal.signal(number, signal.SIG_DFL)

    def came(self, number: int, _: object) -> None:
        """Do what cannot wait."""

    def add(self, number: int) -> None:
        """Add a number that is no signal's, from any thread."""
        self.mouth.send(bytes([number]))

    def next(self, seconds: float | None = None, *ends: int) -> int | None:
        """Return the next number; wait for one for so many `seconds`, for ever by default. Return None when none comes.

        0 stands for the end of one of the files `ends`. A number stays in its place until the next call: till then,
        nobody can be sure that anything was done.
        """
        if self.unread:
            self.ear.recv(1)
        ready, _, _ = select.select([self.ear.fileno(), *ends], [], [], seconds)
        self.unread = self.ear.fileno() in ready
        if self.unread:
            return self.ear.recv(1, socket.MSG_PEEK)[0]
        return 0 if ready else None


STOP = (signal.SIGTERM, signal.SIGINT)
forking = threading.local()


def hold_up() -> None:
    """Hold up the signals that are listened for, while a thread forks: a copy would take its own for its original's.

    No others: an error of a handler that runs in `let_through` is lost, and so would be a Ctrl-C.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTSTP, *STOP)}
    ours = [number for number, handler in handlers.items() if isinstance(getattr(handler, "__self__", None), Signals)]
    forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, ours) if ours else None


def let_through() -> None:
    """Let them through, in a copy when it is deaf."""
    if forking.mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, forking.mask)


os.register_at_fork(before=hold_up, after_in_parent=let_through, after_in_child=let_through)
FINISHED, GIVEN, KEPT, TOLD = range(252, 256)  # numbers that are no signal's


class Process(Signals):
    """The main thread of a process that has a pool.

    TSTP (Ctrl-Z): take no more jobs. TERM, INT (Ctrl-C): neither, and end when those in hand are finished; at the
    deadline, they go back to be taken next. A second TERM or INT: end now.
    """

    grace = 3.0  # seconds after the deadline, for giving back

    def __init__(self, deadline: float = 25.0) -> None:
        """Let jobs finish for `deadline` seconds when the process is to end."""
        super().__init__(signal.SIGTSTP, *STOP)
        self.deadline = deadline
        self.stops = 0  # how many signals to stop have come

    def came(self, number: int, _: object) -> None:
        """Let a second signal to stop end the process, also where no Python can run any more."""
        if number in STOP:
            for each in STOP:
                # The first process of a container is spared the signals that it does not handle itself.
                signal.signal(each, self.end_now if os.getpid() == 1 else signal.SIG_DFL)

    def end_now(self, number: int, _: object = None) -> None:
        """End, with the exit code that a shell has for a signal. What is in hand is put back by others."""
        os._exit(128 + number)

    def next(self, seconds: float | None = None, *ends: int) -> int | None:
        """Return the next number, as above; end at the second signal to stop."""
        number = super().next(seconds, *ends)
        self.stops += number in STOP
        if number in STOP and self.stops == 2:
            self.end_now(number)
        return number

    def run(self, pool: Pool, *ends: int) -> int:
        """Wait until this process is to stop, and stop `pool`. Return the exit code.

        It is to stop at a signal, when the pool is told so, and at the end of one of the files `ends`. What is still
        at work then, only `os._exit` ends.
        """
        self.pool = pool
        pool.obey = self.obey  # type: ignore[method-assign]
        while (number := self.next(None, *ends)) not in (0, TOLD, *STOP):
            if number == signal.SIGTSTP:  # the workers may have handlers of their own, for others
                self.quiet()
        return self.stop(number)

    def obey(self, what: str) -> None:
        """Let the main thread do what the pool is told, as if a signal had come."""
        self.add(signal.SIGTSTP if what == "quiet" else TOLD)

    def quiet(self) -> None:
        """Let the pool take no more jobs. In a thread: it may wait for the server."""
        threading.Thread(target=self.pool.quiet).start()

    def stop(self, why: int | None) -> int:
        """Stop the pool, because the number `why` came. Wait for its end, or the deadline. Return the exit code."""
        until = time.monotonic() + self.deadline
        # A job may keep Python from running until later. This ends the process all the same, and says where it was.
        faulthandler.dump_traceback_later(self.deadline + self.grace, exit=True, file=2)
        threading.Thread(target=self.finish).start()
        if self.await_one(until, FINISHED):
            faulthandler.cancel_dump_traceback_later()
            return 0
        threading.Thread(target=self.leave).start()  # it may wait for the server: longer than there is time
        return 0 if self.await_one(until + self.grace - 1, GIVEN, KEPT) == GIVEN else 1

    def await_one(self, until: float, *numbers: int) -> int | None:
        """Wait for one of these numbers, `until` a time of the monotonic clock. Return it, or None."""
        while (number := self.next(max(0, until - time.monotonic()))) not in (None, *numbers):
            pass
        return number

    def finish(self) -> None:
        """Stop the pool, and say when it has ended."""
        self.pool.stop()
        self.add(FINISHED)

    def leave(self) -> None:
        """Give back, and say whether that was done."""
        self.add(KEPT if self.give_back() else GIVEN)

    def give_back(self) -> int:
        """Give back what is in hand, and leave the registry. Return the exit code."""
        try:
            self.pool.give_back()
            self.pool.entry.remove()
        except redis.RedisError as error:
            logger.error("%r: %s (others will put back what is in flight)", self.pool.backend, error)
            return 1
        return 0
