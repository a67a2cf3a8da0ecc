"""Step 6: later. A job that is not due yet waits in a sorted set, ordered by the time when it will be.

A poller in each pool moves what is due to the queue: in one step, so that nothing is lost or moved twice, and by the
clock of the server, which is the same for all. (In Sidekiq, too, this is `perform_in` and the scheduled set.)
"""

import math
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import redis

from luffy_lesson import step3_memory_queue, step5_reliable_queue
from luffy_lesson.step5_reliable_queue import Backend, Hand, Job, Luffy, Processor, fields, noted, say

__all__ = ["Backend", "Hand", "Job", "Luffy", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted", "say"]

# Move what is due in a sorted set to the queue, ARGV[1] jobs at most. Returns how many there were.
PROMOTE = """
local now = redis.call('TIME')
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now[1] + now[2] / 1e6, 'LIMIT', 0, ARGV[1])
for _, payload in ipairs(due) do
  redis.call('LPUSH', KEYS[2], payload)
  redis.call('ZREM', KEYS[1], payload)
end
return #due"""


class Worker(step5_reliable_queue.Worker):
    """A worker that can also work later, and be given many jobs at once."""

    @classmethod
    def perform_in(cls, seconds: float, *args: Any) -> int:
        """Let the job be done in `seconds`, or soon after. Return how many jobs are scheduled now.

        Raise ValueError when `seconds` is negative, infinite or no number, and what `perform_queue` raises.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"{cls.__name__} can be performed in 0 seconds or more, not in {seconds!r}.")
        backend = scheduling_backend()
        return backend.schedule(step3_memory_queue.Job(cls, args), backend.now() + seconds)

    @classmethod
    def perform_at(cls, when: datetime, *args: Any) -> int:
        """Let the job be done at `when`, or soon after; what is past is due at once. Return how many are scheduled now.

        Raise ValueError when `when` has no time zone, and what `perform_queue` raises.
        """
        if when.utcoffset() is None:
            raise ValueError(
                f"{when!r} has no time zone, so nobody knows when that is. `.astimezone()` gives it the one of this "
                "machine, and `datetime.now(UTC)` has one."
            )
        return scheduling_backend().schedule(step3_memory_queue.Job(cls, args), when.timestamp())

    @classmethod
    def perform_bulk(cls, list_of_args: Iterable[Sequence[Any]]) -> int:
        """Put a job in the queue for each list of arguments, a thousand a round trip. Return how many wait now.

        Raise TypeError, before anything is sent, for arguments that are no list or tuple or cannot travel; what
        `perform_queue` raises, when some may have been sent.
        """
        jobs = []
        for args in list_of_args:
            if not isinstance(args, list | tuple):
                raise TypeError(f"{cls.__name__}.perform_bulk takes a list of lists of arguments; {args!r} is no list.")
            jobs.append(step3_memory_queue.Job(cls, tuple(args)))
        return scheduling_backend().put_bulk(jobs)


def scheduling_backend() -> "RedisBackend":
    """Return `Luffy.backend`. Raise RuntimeError when none is set, TypeError when it is one that knows no later."""
    backend = step3_memory_queue.backend_in_use()
    if not isinstance(backend, RedisBackend):
        raise TypeError(f"{backend!r} does not know of later: use the RedisBackend of {__name__}, or of a later step.")
    return backend


class Pool(step5_reliable_queue.Pool):
    """A group of processors with a keeper, and a poller: one thread more, which looks for what is due."""

    def __init__(self, processor: type[Processor], count: int, backend: Any) -> None:
        """Make `count` processors of the class `processor` on `backend`; raise what step 5 raises."""
        super().__init__(processor, count, backend)
        self.threads.append(
            threading.Thread(target=self.keep, args=[backend.promote, backend.poll_every], name="Poller")
        )


class RedisBackend(step5_reliable_queue.RedisBackend):
    """A queue in Redis that also keeps what is not due yet."""

    _needs = f"{step5_reliable_queue.RedisBackend._needs} ZRANGE ZREM"
    poll_every = 0.25  # seconds
    at_once = 100  # jobs: a thousand in one go would hold up everybody else
    Pool = Pool

    def __init__(self, connection: "redis.Redis | None" = None, **seconds: float) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, as in step 5."""
        super().__init__(connection, **seconds)
        self.later = [f"{self.key}:scheduled"]  # sorted sets, by the time when each job is due

    def schedule(self, job: "step3_memory_queue.Job | Job", due: float) -> int:
        """Add `job` to the scheduled set, due at a time in seconds since 1970. Return how many are there now.

        Raise what `put` raises.
        """
        payload = noted(job.payload) if isinstance(job, Job) else self.encode(job)
        with self.redis.pipeline() as both:
            return int(both.zadd(self.later[0], {payload: due}).zcard(self.later[0]).execute()[1])

    def put_bulk(self, jobs: "Iterable[step3_memory_queue.Job]") -> int:
        """Add many jobs, a thousand a round trip. Return how many wait now; raise what `put` raises."""
        payloads = [self.encode(job) for job in jobs]  # all of them, before the first is sent
        for start in range(0, len(payloads), 1000):
            self.redis.lpush(self.key, *payloads[start : start + 1000])
        return self.qsize()

    def promote(self) -> None:
        """Move what is due to the queue. Raise redis.RedisError when the server fails."""
        for later in self.later:
            while self.redis.eval(PROMOTE, 2, later, self.key, self.at_once) == self.at_once:
                pass

    def scheduled(self, most: int = 0) -> list[tuple[float, Job]]:
        """Return the jobs that are scheduled, each with the seconds until it is due; the next ones, `most` or all."""
        return self.due(self.later[0], most)

    def due(self, later: str, most: int = 0) -> list[tuple[float, Job]]:
        """Return the next jobs of a sorted set, `most` or all, each with the seconds until it is due."""
        now = self.now()
        return [(due - now, Job(payload)) for payload, due in self.redis.zrange(later, 0, most - 1, withscores=True)]

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        return super().sizes() | {"scheduled": self.redis.zcard(self.later[0])}
