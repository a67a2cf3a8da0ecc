"""Step 7: failing well. A job that raises is tried again, later and later; one that has been tried enough is dead.

The dead are kept, with the reason, until somebody looks at them; they can be sent back, or thrown away. (The curve of
the waits, the bounds and the words are those of Sidekiq.)
"""

import json
import math
import random
import secrets
import time
import traceback
from threading import get_ident
from typing import Any, NamedTuple

import redis

from luffy_lesson import step4_redis_queue, step6_schedule
from luffy_lesson.step6_schedule import Backend, Hand, Job, Luffy, Pool, fields, noted, say

__all__ = [
    "Backend", "Dead", "Hand", "Job", "Luffy", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted", "say",
]  # fmt: skip

SIX_MONTHS = 180 * 24 * 60 * 60  # seconds

# Move a job from the dead to the queue, if it is among them.
REVIVE = """
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


class Dead(NamedTuple):
    """A job that was given up."""

    job: Job
    failure: dict[str, Any]  # `error`, `message`, `at` in seconds since 1970, `tries`
    entry: bytes  # how it is kept

    @classmethod
    def read(cls, entry: bytes) -> "Dead":
        """Make sense of what is kept of a dead job: its job is as it was when it was put in the queue."""
        kept = fields(entry)
        crash = {"error": "Crash", "message": "Each time, whoever had it was gone before it was done."}
        wrapped = kept.keys() == {"id", "unread", "failure"} and bool(kept["failure"])
        why = kept.pop("failure", None) or crash | {"tries": kept.get("crashes")}
        kept.pop("crashes", None)
        payload = kept["unread"].encode("utf-8", "surrogateescape") if wrapped else json.dumps(kept).encode()
        return cls(Job(payload if kept else entry), why, entry)


class Processor(step4_redis_queue.Processor):
    """A processor that forgets no job that raises."""

    def __init__(self, number: int, backend: Any) -> None:
        """Make processor `number` of a pool on `backend`. Raise TypeError when that is of an earlier step."""
        if not isinstance(backend, RedisBackend):
            raise TypeError(
                f"{backend!r} forgets jobs that fail: use the RedisBackend of {__name__}, or of a later step."
            )
        super().__init__(number, backend)
        self.fail = backend.fail

    def failed(self, job: Any, error: BaseException) -> None:
        """Decide what becomes of `job`, which raised `error`, and log it. `task_done` will do it."""
        super().failed(self.fail(job, error), error)


class RedisBackend(step6_schedule.RedisBackend):
    """A queue in Redis that tries again what failed, and keeps what is dead."""

    _needs = f"{step6_schedule.RedisBackend._needs} ZREVRANGE ZREMRANGEBYRANK"
    most_dead = 10_000
    Processor = Processor

    def __init__(self, connection: "redis.Redis | None" = None, **seconds: float) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, as in step 5."""
        super().__init__(connection, **seconds)
        self.later.append(f"{self.key}:retry")
        self.fates: dict[int, tuple[bytes, str, float]] = {}  # each thread sets its own

    def fail(self, job: Job, error: BaseException) -> str:
        """Decide what becomes of the job in hand, which raised `error`. Return what to call it in the log.

        It is tried again later, or it is dead: after its last try, and at once when it makes no sense, when its worker
        is not known, or does not say when to try again.
        """
        tries = tried(job.payload)
        name, to, wait = str(job), self.grave, 0.0
        try:
            call = job.decode()
            worker = call.worker if issubclass(call.worker, Worker) else Worker  # one of an earlier step has no say
            name = f"{call} (try {tries + 1} of {worker.retries + 1})"
            if tries < worker.retries:
                to, wait = self.later[1], float(worker.backoff(tries))
                if not 0 <= wait < math.inf:
                    raise ValueError(f"{worker.__name__}.backoff({tries}) is {wait}, and not a number of seconds")
            new = noted(job.payload, failure=failure(error, tries + 1))
        except BaseException as reason:  # kept byte for byte, until it makes sense
            to, wait, unread = self.grave, 0.0, job.payload.decode("utf-8", "surrogateescape")
            new = json.dumps(
                {"id": secrets.token_hex(12), "unread": unread, "failure": failure(reason, tries + 1)}
            ).encode()
        self.fates[get_ident()] = new, to, wait
        return name

    def commit(self, hand: Hand, payload: bytes) -> None:
        """Remove a job that is finished, or do what was decided for one that failed, if it is still in this hand."""
        fate = self.fates.pop(get_ident(), None)
        if fate is None:
            super().commit(hand, payload)
        else:
            new, to, wait = fate
            now = self.now()
            self.move(hand.key, payload, new, to, now + wait)
            self.redis.zremrangebyscore(self.grave, "-inf", now - SIX_MONTHS)
            self.redis.zremrangebyrank(self.grave, 0, -self.most_dead - 1)

    def retrying(self, most: int = 0) -> list[tuple[float, Job]]:
        """Return the jobs that will be tried again, each with the seconds until then; the next ones, `most` or all."""
        return self.due(self.later[1], most)

    def dead(self, most: int = 0) -> list[Dead]:
        """Return the dead jobs, the latest first, `most` or all. Raise redis.RedisError when the server fails."""
        return [Dead.read(entry) for entry in self.redis.zrange(self.grave, 0, most - 1, desc=True)]

    def requeue(self, *dead: Dead) -> int:
        """Send dead jobs back to the queue, to be tried as if they were new. Return how many were still dead."""
        return sum(self.redis.eval(REVIVE, 2, self.grave, self.key, one.entry, one.job.payload) for one in dead)

    def discard(self, *dead: Dead) -> int:
        """Throw dead jobs away. Return how many were still dead."""
        return sum(self.redis.zrem(self.grave, one.entry) for one in dead)

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        return super().sizes() | {"retrying": self.redis.zcard(self.later[1])}
