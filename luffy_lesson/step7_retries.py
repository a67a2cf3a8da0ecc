"""Step 7: failing well. A job that raises is tried again, later and later; one that has been tried enough is dead.

The dead are kept, with the reason, until somebody looks at them; they can be sent back, or thrown away. (The curve of
the waits, the bounds and the words are those of Sidekiq.)
"""

import contextlib
import json
import math
import random
import reprlib
import secrets
import time
import traceback
from typing import Any, NamedTuple

import redis

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step6_schedule
from luffy_lesson.step6_schedule import Backend, Job, Luffy, Message, Pool, fields, noted, say

__all__ = [
    "Backend", "Consumer", "Dead", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "fields",
    "noted", "say", "tried",
]  # fmt: skip

SIX_MONTHS = 180 * 24 * 60 * 60  # seconds

# Move a job from the dead to the queue, if it is among them.
REQUEUE = """
redis.call('ZREM', KEYS[1], '')
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[2])
return redis.call('ZREM', KEYS[1], ARGV[1])"""


class Worker(step6_schedule.Worker):
    """A worker whose jobs are tried again when they raise."""

    retries = 25  # how often

    @staticmethod
    def backoff(tries: int) -> float:
        """Return after how many seconds to try again a job that was tried again `tries` times before.

        This is Sidekiq's curve: it begins with seconds, and the 25th time is three weeks after the first. The random
        part, the jitter, keeps those that failed together from coming back together.
        """
        return tries**4 + 15 + random.uniform(0, 10) * (tries + 1)


def failure(error: BaseException, tries: int) -> dict[str, Any]:
    """Return what is kept of a failure: what was raised, when (in seconds since 1970), and the how many-th time."""
    message = "".join(traceback.format_exception_only(error)).strip()[:1000]
    return {"error": type(error).__name__, "message": message, "at": time.time(), "tries": tries}


def tried(payload: bytes) -> int:
    """Return how often a job has failed."""
    match fields(payload):
        case {"failure": {"tries": int(tries)}} if tries > 0:
            return min(tries, 10**9)  # a longer number might be too long to be written
    return 0


def whose(message: step4_redis_queue.Message) -> tuple[str, type[Worker]]:
    """Return what to call a job, and the worker that says how often it is tried. Raise ValueError when it is no job.

    A worker of an earlier step does not say, and one that is not defined here cannot: but another process may know it.
    """
    try:
        job = message.decode()
    except LookupError:
        return str(message), Worker
    return str(job), job.worker if issubclass(job.worker, Worker) else Worker


class Unreadable:
    """How a payload is kept that nobody can read, or note a failure in: wrapped, byte for byte."""

    @staticmethod
    def wrap(payload: bytes, why: dict[str, Any]) -> bytes:
        """Return what is kept of `payload`, with the failure `why`."""
        unread = payload.decode("utf-8", "surrogateescape")
        return json.dumps({"id": secrets.token_hex(12), "unread": unread, "failure": why}).encode()

    @staticmethod
    def unwrap(kept: dict[str, Any]) -> bytes | None:
        """Return the payload that is in these fields; None where none was wrapped."""
        if kept.keys() - {"queue"} == {"id", "unread", "failure"} and kept["failure"]:
            with contextlib.suppress(AttributeError, ValueError):  # somebody else's
                return bytes(kept["unread"].encode("utf-8", "surrogateescape"))
        return None


CRASH = {"error": "Crash", "message": "Each time, the heartbeat of whoever had it stopped before it was acknowledged."}
NOT_NOTED = {"error": "NotNoted", "message": "Its failure could not be noted. The log says why.", "tries": None}


class Dead(NamedTuple):
    """A job that was given up."""

    job: step4_redis_queue.Message
    failure: dict[str, Any]  # `error`, `message`, `at` in seconds since 1970, `tries`
    entry: bytes  # how it is kept

    @classmethod
    def read(cls, entry: bytes) -> "Dead":
        """Make sense of what is kept of a dead job: its job is as it was when it was put in the queue."""
        kept = fields(entry)
        payload = Unreadable.unwrap(kept)
        crashes = kept.pop("crashes", None)
        unsaid = NOT_NOTED if crashes is None else CRASH | {"tries": crashes}
        why = kept.pop("failure", None)
        if payload is None:
            payload = json.dumps(kept).encode() if kept else entry
        return cls(Message(payload), why if why and isinstance(why, dict) else unsaid, entry)


class Verdict(NamedTuple):
    """What becomes of a job that has failed: `new` takes its place, in a sorted set, due in so many seconds."""

    new: bytes | None  # None: it stays as it is
    to: str
    seconds: float


class Consumer(step5_reliable_queue.Consumer):
    """Through what somebody takes jobs. It also knows what becomes of the job in hand, if that has failed."""

    backend: "RedisBackend"

    def begin(self) -> None:
        """Begin a new list. The server does not know of it yet."""
        super().begin()
        self.verdict: Verdict | None = None

    def fail(self, message: step4_redis_queue.Message, error: BaseException) -> str:
        """Decide what becomes of the job in hand, which raised `error`; `task_done` does it. Return what to call it.

        It is tried again later, or it is dead: after its last try, and at once when it makes no sense, or its worker
        does not say when to try again.
        """
        self.verdict = Verdict(None, self.backend.dead_set, 0)  # if there is not even the memory for another
        tries = tried(message.payload) + 1
        name = str(message)
        try:
            name, worker = whose(message)
            name = f"{name} (try {tries} of {worker.retries + 1})"
            self.verdict = self.judge(message.payload, worker, failure(error, tries))
        except BaseException as reason:  # kept byte for byte, until it makes sense
            entry = Unreadable.wrap(message.payload, failure(reason, tries))
            self.verdict = Verdict(entry, self.backend.dead_set, 0)
        return name

    def judge(self, payload: bytes, worker: type[Worker], why: dict[str, Any]) -> Verdict:
        """Return what becomes of a job with the failure `why`. Raise what keeps anybody from knowing that."""
        tries = why["tries"]
        new = noted(payload, failure=why)
        if new == payload:
            raise ValueError("a failure cannot be noted in it")
        if tries > worker.retries:
            return Verdict(new, self.backend.dead_set, 0)
        wait = float(worker.backoff(tries - 1))
        if not 0 <= wait < math.inf:
            raise ValueError(f"{worker.__name__}.backoff({tries - 1}) is {wait}, and not a number of seconds")
        return Verdict(new, self.backend.retry_set, wait)

    def commit(self, payload: bytes) -> None:
        """Remove a job that is finished, or move one that has failed, if it is still in this list."""
        if self.verdict is None:
            super().commit(payload)
        else:
            if not self.carry_out(payload, self.verdict):
                self.was_given_away(payload)
            self.verdict = None
            self.backend.trim()

    def carry_out(self, payload: bytes, verdict: Verdict) -> bool:
        """Move a job that has failed. Return whether it was still in this list."""
        if verdict.new is not None:
            try:
                return self.backend.set_aside(self.key, payload, verdict.new, verdict.to, verdict.seconds)
            except redis.RedisError:
                if len(verdict.new) <= step5_reliable_queue.LARGE:
                    raise
        return self.backend.bury(self.key, payload)


class Processor(step5_reliable_queue.Processor):
    """A processor that forgets no job that raises."""

    def __init__(self, number: int, backend: Any) -> None:
        """Make processor `number` of a pool on `backend`. Raise TypeError when that is of an earlier step."""
        if not isinstance(backend, RedisBackend):
            raise TypeError(
                f"{backend!r} forgets jobs that fail: use the RedisBackend of {__name__}, or of a later step."
            )
        super().__init__(number, backend)

    def failed(self, job: Any, error: BaseException) -> None:
        """Decide what becomes of `job`, which raised `error`, and log it. `task_done` will do it."""
        super().failed(self.consumer.fail(job, error), error)


class RedisBackend(step6_schedule.RedisBackend):
    """A queue in Redis that tries again what failed, and keeps what is dead."""

    _needs = f"{step6_schedule.RedisBackend._needs} ZREVRANGE ZREMRANGEBYRANK"
    most_dead = 10_000
    Processor: type[Any] = Processor

    @property
    def retry_set(self) -> str:
        """The key of the sorted set of jobs that will be tried again, by the time when each is."""
        return f"{self.key}:retry"

    @property
    def later(self) -> list[str]:
        """The keys of all sorted sets from which jobs come to the queue when they are due."""
        return [*super().later, self.retry_set]

    def consumer(self) -> Consumer:
        """Return a new consumer, for whoever asks."""
        return Consumer(self)

    def after_crash(self, payload: bytes) -> tuple[bytes, bool]:
        """Return a job that was left behind as it is kept from now on, and whether it is dead."""
        new, dead = super().after_crash(payload)
        if new == payload:  # it cannot be counted how often
            return Unreadable.wrap(payload, CRASH | {"at": time.time(), "tries": 1}), True
        return (noted(new, failure=None) if dead else new), dead

    def trim(self) -> None:
        """Throw away the dead that are too many, and those that are too old."""
        with self.redis.pipeline(transaction=False) as both:
            both.zremrangebyscore(self.dead_set, "-inf", self.now() - SIX_MONTHS)
            both.zremrangebyrank(self.dead_set, 0, -self.most_dead - 1)
            both.execute()

    def retrying(self, most: int = 0, first: int = 0) -> list[tuple[float, step4_redis_queue.Message]]:
        """Return the jobs that will be tried again, each with the seconds until then, as `scheduled` does."""
        return self.due(self.retry_set, most, first)

    def dead(self, most: int = 0, first: int = 0) -> list[Dead]:
        """Return the dead jobs, the latest first, `most` or all, without the `first` of them.

        Raise redis.RedisError when the server fails.
        """
        last = first + most - 1 if most else -1
        return [Dead.read(entry) for entry in self.redis.zrange(self.dead_set, first, last, desc=True)]

    def requeue(self, *dead: Dead) -> int:
        """Send dead jobs back to the queue, to be tried as if they were new. Return how many were still dead.

        Raise TypeError when one is no `Dead`, before any is sent.
        """
        check(dead)
        return sum(self.redis.eval(REQUEUE, 2, self.dead_set, self.key, one.entry, one.job.payload) for one in dead)

    def discard(self, *dead: Dead) -> int:
        """Throw dead jobs away. Return how many were still dead; raise TypeError as `requeue`."""
        check(dead)
        return sum(self.redis.zrem(self.dead_set, one.entry) for one in dead)

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        return super().sizes() | {"retrying": self.redis.zcard(self.retry_set)}


def check(dead: tuple[Dead, ...]) -> None:
    """Raise TypeError when one of these is no dead job."""
    for one in dead:
        if not isinstance(one, Dead):
            raise TypeError(
                f"This takes dead jobs, one or many: `requeue(*backend.dead())`. {reprlib.repr(one)} is none."
            )
