"""Step 6: later. A job that is not due yet waits in a sorted set, ordered by the time when it will be.

A poller in each pool moves what is due to the queue: in one step, so that nothing is lost or moved twice, and by the
clock of the server, which is the same for all. (In Sidekiq, too, this is `perform_in` and the scheduled set.)
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from luffy_lesson import step3_memory_queue, step4_redis_queue, step5_reliable_queue
from luffy_lesson.step5_reliable_queue import Backend, Consumer, Job, Luffy, Message, Processor, fields, noted, say

__all__ = [
    "Backend", "Consumer", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted",
    "say",
]  # fmt: skip

ENDLESS = 1e15  # seconds: a float counts no single ones beyond

# Move what is due in a sorted set to the queue: ARGV[1] jobs at most, or a megabyte. Returns how many there were.
PROMOTE = """
redis.call('ZREM', KEYS[1], '')
local now, moved, bytes = redis.call('TIME'), 0, 0
while moved < tonumber(ARGV[1]) and bytes < 2^20 do
  local payload = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now[1] + now[2] / 1e6, 'LIMIT', 0, 1)[1]
  if not payload then break end
  redis.call('LPUSH', KEYS[2], payload)
  redis.call('ZREM', KEYS[1], payload)
  moved = moved + 1
  bytes = bytes + #payload
end
return moved"""


class Worker(step5_reliable_queue.Worker):
    """A worker that can also work later, and be given many jobs at once."""

    @classmethod
    def perform_in(cls, wait: float | timedelta, *args: Any) -> int:
        """Let the job be done after a `wait` in seconds, or soon after. Return how many jobs are scheduled now.

        Raise TypeError when `wait` is no number and no timedelta, ValueError when it is negative or endless, and what
        `perform_queue` raises.
        """
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else wait
        if not isinstance(seconds, int | float):
            raise TypeError(f"{cls.__name__} can be performed in a number of seconds or a timedelta, not in {wait!r}.")
        if not 0 <= seconds < ENDLESS:
            raise ValueError(f"{cls.__name__} can be performed in 0 seconds or more, not in {wait!r}.")
        backend = scheduling_backend()
        return backend.schedule(Job(cls, args), backend.now() + seconds)

    @classmethod
    def perform_at(cls, when: datetime, *args: Any) -> int:
        """Let the job be done at `when`, or soon after; what is past is due at once. Return how many are scheduled now.

        Raise TypeError when `when` is no datetime, ValueError when it has no time zone, and what `perform_queue`
        raises.
        """
        if not isinstance(when, datetime):
            raise TypeError(
                f"{cls.__name__} can be performed at a datetime such as `datetime.now(UTC)`, not at {when!r}."
            )
        if when.utcoffset() is None:
            raise ValueError(
                f"{when!r} has no time zone, so nobody knows when that is. `.astimezone()` gives it the one of this "
                "machine, and `datetime.now(UTC)` has one."
            )
        return scheduling_backend().schedule(Job(cls, args), when.timestamp())

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
            jobs.append(Job(cls, tuple(args)))
        return scheduling_backend().put_bulk(jobs)


class SchedulingBackend(Backend, Protocol):
    """A backend that also knows of later."""

    def now(self) -> float:
        """Return the time by the clock that says what is due, in seconds since 1970."""

    def schedule(self, job: Any, due: float) -> int:
        """Add a job that is due at that time. Return how many are scheduled now."""

    def put_bulk(self, jobs: Iterable[Any]) -> int:
        """Add many jobs. Return how many wait now."""


def scheduling_backend() -> SchedulingBackend:
    """Return `Luffy.backend`. Raise RuntimeError when none is set, TypeError when it is one that knows no later."""
    backend: Any = step3_memory_queue.backend_in_use()
    if not hasattr(backend, "schedule"):
        raise TypeError(f"{backend!r} does not know of later: use the RedisBackend of {__name__}, or of a later step.")
    return backend  # type: ignore[no-any-return]


def portions(payloads: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield payloads as they can be sent together: a thousand at a time, and a megabyte, or one that is larger."""
    portion, size = list[bytes](), 0
    for payload in payloads:
        if portion and (len(portion) == 1000 or size + len(payload) > step5_reliable_queue.LARGE):
            yield portion
            portion, size = [], 0
        portion.append(payload)
        size += len(payload)
    if portion:
        yield portion


class Pool(step5_reliable_queue.Pool):
    """A group of processors with a keeper, and a poller: one thread more, which looks for what is due."""

    def __init__(self, processor: type[step4_redis_queue.Processor], count: int, backend: Any) -> None:
        """Make `count` processors of the class `processor` on `backend`; raise what step 5 raises."""
        super().__init__(processor, count, backend)
        self.threads.append(threading.Thread(target=self.poll, name="Poller"))

    def poll(self) -> None:
        """Look for what is due, as long as a processor lives: what the poller does."""
        self.keep(self.backend.promote, self.backend.poll_every)


class RedisBackend(step5_reliable_queue.RedisBackend):
    """A queue in Redis that also keeps what is not due yet."""

    poll_every = 0.25  # seconds
    at_once = 100  # jobs: a thousand in one go would hold up everybody else
    Pool: type[Any] = Pool

    @property
    def scheduled_set(self) -> str:
        """The key of the sorted set of jobs that are scheduled, by the time when each is due."""
        return f"{self.key}:scheduled"

    @property
    def later(self) -> list[str]:
        """The keys of all sorted sets from which jobs come to the queue when they are due."""
        return [self.scheduled_set]

    def schedule(self, job: Job | step4_redis_queue.Message, due: float) -> int:
        """Add `job` to the scheduled set, due at a time in seconds since 1970. Return how many are there now.

        Raise what `put` raises.
        """
        payload = noted(job.payload) if isinstance(job, step4_redis_queue.Message) else self.message.encode(job).payload
        with self.redis.pipeline() as both:
            return int(both.zadd(self.scheduled_set, {payload: due}).zcard(self.scheduled_set).execute()[1])

    def put_bulk(self, jobs: Iterable[Job]) -> int:
        """Add many jobs, a thousand or a megabyte a round trip. Return how many wait now; raise what `put` raises."""
        payloads = [self.message.encode(job).payload for job in jobs]  # all of them, before the first is sent
        for portion in portions(payloads):
            self.redis.lpush(self.key, *portion)
        return self.qsize()

    def promote(self) -> None:
        """Move what is due to the queue. Raise redis.RedisError when the server fails."""
        for later in self.later:
            while self.redis.eval(PROMOTE, 2, later, self.key, self.at_once):
                pass

    def scheduled(self, most: int = 0, first: int = 0) -> list[tuple[float, step4_redis_queue.Message]]:
        """Return the jobs that are scheduled, each with the seconds until it is due; the next ones, `most` or all.

        Leave out the `first` of them: a page of many.
        """
        return self.due(self.scheduled_set, most, first)

    def due(self, later: str, most: int = 0, first: int = 0) -> list[tuple[float, step4_redis_queue.Message]]:
        """Return jobs of a sorted set as `scheduled` does."""
        now = self.now()
        found = self.redis.zrange(later, first, first + most - 1 if most else -1, withscores=True)
        return [(due - now, self.message(payload)) for payload, due in found]

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        return super().sizes() | {"scheduled": self.redis.zcard(self.scheduled_set)}
