"""Step 8: the same promises, many times faster. Jobs are taken in batches, and acknowledged in batches.

The time of a small job goes into waiting for the server. So a thread takes many jobs in one command, and acknowledges
in the same command what was finished meanwhile. How many? As many as it does in a hundredth of a second, so one where
jobs are slow. What it has not begun in ten times that goes back to the queue.
"""

import contextlib
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from os import getpid, urandom
from typing import Any

import msgspec
import redis

from luffy_lesson import step3_memory_queue, step4_redis_queue, step5_reliable_queue, step7_retries
from luffy_lesson.step5_reliable_queue import MOVE
from luffy_lesson.step7_retries import Backend, Dead, Luffy, Processor, Worker, fields, noted, say

__all__ = [
    "Backend", "Dead", "Hand", "Job", "Luffy", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted", "say",
]  # fmt: skip

# Remove jobs from in-flight lists: ARGV[2] and ARGV[3] are the first list and job, and so on. Then move the oldest jobs
# of the queue KEYS[1] to the list KEYS[2], ARGV[1] at most. One that was left behind comes alone: those that came with
# it might die with it.
FETCH = """
for i = 2, #ARGV, 2 do redis.call('LREM', ARGV[i], -1, ARGV[i + 1]) end
local most, taken = tonumber(ARGV[1]), {}
local waiting = most == 0 and {} or redis.call('LRANGE', KEYS[1], -most, -1)
for i = #waiting, 1, -1 do
  if string.find(waiting[i], '"crashes"', 1, true) then most = 1 end
  if #taken < most then table.insert(taken, waiting[i]) end
end
if #taken == 0 then return {} end
redis.call('LPUSH', KEYS[2], unpack(taken))
redis.call('LTRIM', KEYS[1], 0, -#taken - 1)
return taken"""


read = msgspec.json.Decoder(dict[str, Any]).decode  # ten times as fast as `json`


class Job(step4_redis_queue.Job):
    """A job as it travels, read faster."""

    def decode(self) -> step3_memory_queue.Job:
        """Read the payload; raise what step 4 raises."""
        try:
            call = read(step4_redis_queue.shallow(self.payload))
            worker, args = Worker.registry[call["worker"]], call["args"]
        except (TypeError, LookupError, ValueError):
            return super().decode()  # reads what is rare, and says what is wrong
        return step3_memory_queue.Job(worker, tuple(args)) if isinstance(args, list) else super().decode()


class Hand(step5_reliable_queue.Hand):
    """What a thread has in hand: an in-flight list of its own, and the jobs that it has taken into it."""

    def __init__(self, queue: str) -> None:
        super().__init__(queue)
        # Taken and not begun; and a lock for while some come, or go back.
        self.ahead, self.moving = deque[bytes](), threading.Lock()
        # How many it has taken last, when, and when one was done.
        self.batch, self.since, self.until = 0, 0.0, 0.0


class Pool(step7_retries.Pool):
    """A group of processors that take more jobs than they have begun."""

    def keep(self, chore: Callable[[], None], every: float) -> None:
        """Do `chore` as in step 5. The last thread to leave closes the backend."""
        super().keep(chore, every)
        self.close()

    def stop(self, timeout: float | None = None) -> None:
        """Stop as in step 3, and give back at once what was not begun."""
        for processor in self.processors:
            processor.stopping.set()
        self.close()
        super().stop(timeout)

    def close(self) -> None:
        """Close the backend; without a server, what is in hand is put back when the hearts have stopped."""
        with contextlib.suppress(redis.RedisError):
            self.backend.close()


class RedisBackend(step7_retries.RedisBackend):
    """A queue in Redis that takes jobs, and acknowledges them, in batches.

    After a crash the batch of each thread may be done again; the one before it, too, if another thread was about to
    acknowledge that.
    """

    batch_lasts, batch_most = 0.01, 200  # seconds, jobs: a thread takes what it does in that time, or so many
    Pool, new_hand, _needs = Pool, Hand, f"{step7_retries.RedisBackend._needs} LTRIM"

    def __init__(self, connection: "redis.Redis | None" = None, **seconds: float) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, as in step 5."""
        super().__init__(connection, **seconds)
        self.finished = deque[tuple[Hand, bytes]]()  # jobs to acknowledge
        self.full = set[Hand]()  # those that may have jobs ahead; a forked process has its parent's, too
        self.asking = defaultdict[int, threading.Lock](threading.Lock)  # whose thread waits for the server, by process

    def encode(self, job: step3_memory_queue.Job) -> bytes:
        """Return the payload of `job`, with an id. Raise TypeError as in step 4."""
        try:
            payload = msgspec.json.encode({"worker": job.worker.__name__, "args": job.args, "id": urandom(12).hex()})
            if read(step4_redis_queue.shallow(payload))["args"] != list(job.args):
                raise ValueError("JSON would change them")
            return payload
        except (TypeError, ValueError, RecursionError):
            return super().encode(job)  # writes what is rare, and says what is wrong

    def get(self, block: bool = True, timeout: float | None = None) -> Job:
        """Take the oldest job; wait, and raise, as in step 4."""
        return Job(super().get(block, timeout).payload)

    def take(self, seconds: float) -> Any:
        """Take the next payload of this thread's batch, or of a new one, or wait for one: one thread at a time does."""
        hand: Any = self.hand()
        if hand.batch and not hand.ahead:
            each = (hand.until - hand.since) / hand.batch + 1e-9  # seconds
            most = min(int(self.batch_lasts / each), 2 * hand.batch, self.batch_most)
            self.full.add(hand)
            with hand.moving, hand:
                taken = self.fetch(hand.key, max(1, most))
                hand.batch, hand.since = len(taken), time.monotonic()
                hand.ahead.extend(taken)
        try:
            hand.jobs.append(payload := hand.ahead.popleft())
        except IndexError:  # none there, or just given back
            self.tidy()
            payload, until = None, time.monotonic() + seconds
            # Who does not wait needs no turn.
            turn = self.asking[getpid()] if seconds else threading.Lock()
            if turn.acquire(timeout=seconds):
                try:
                    payload = super().take(max(0.0, until - time.monotonic()))
                finally:
                    turn.release()
            hand.batch, hand.since = int(payload is not None), time.monotonic()
        return payload

    def fetch(self, key: str = "", most: int = 0) -> list[bytes]:
        """Acknowledge what is finished, and move up to `most` jobs to the in-flight list `key`. Return those."""
        finished = list[tuple[Hand, bytes]]()
        with contextlib.suppress(IndexError):  # no more, or others are at it too
            while True:
                finished.append(self.finished.popleft())
        if not (finished or most):
            return []
        with contextlib.ExitStack() as hands:
            for hand in {hand for hand, _ in finished}:
                hands.enter_context(hand)
            done = [part for hand, payload in finished if hand.pid == getpid() for part in (hand.key, payload)]
            return list(self.redis.eval(FETCH, 2, self.key, key, most, *done))

    def commit(self, hand: Any, payload: bytes) -> None:
        """Leave it to the next fetch to acknowledge a job of a batch. One that came alone is acknowledged at once."""
        hand.until = time.monotonic()  # the way to the server is no time of the job's
        if hand.batch < 2 or threading.get_ident() in self.fates:
            super().commit(hand, payload)
        else:
            self.finished.append((hand, payload))

    def close(self, began: float = float("inf")) -> None:
        """Acknowledge what is finished; give back what was taken before `began`, and not begun."""
        self.fetch()
        for hand in [hand for hand in list(self.full) if hand.pid == getpid()]:
            with hand.moving, hand, self.redis.pipeline(transaction=False) as moves:
                with contextlib.suppress(IndexError):  # no more, or all begun
                    while hand.since < began:
                        payload = hand.ahead.pop()
                        moves.eval(MOVE, 3, self.hearts, hand.key, self.key, "+inf", payload, payload, "")
                hand.batch -= len(moves.execute())  # all in one round trip

    def tidy(self) -> None:
        """Acknowledge what is finished; give back what should have been begun long ago."""
        self.close(time.monotonic() - 10 * self.batch_lasts)

    def promote(self) -> None:
        """Tidy up, and move what is due to the queue."""
        self.tidy()  # first: there may be much to promote
        super().promote()

    def beat(self, *hands: step5_reliable_queue.Hand) -> None:
        """Say that the owners of `hands` are alive. After too long a silence, others may have what they had."""
        for hand in hands:
            hand.unsure |= time.monotonic() > hand.beaten + self.gone_after
        super().beat(*hands)

    def look(self, until: Any = "+inf") -> list[Any]:
        """Acknowledge what is finished, and look as in step 5."""
        self.fetch()
        return super().look(until)

    def qsize(self) -> int:
        """Return how many jobs wait, those included that this process has taken and not begun."""
        return super().qsize() + sum(len(hand.ahead) for hand in list(self.full) if hand.pid == getpid())

    def in_flight(self) -> list[step4_redis_queue.Job]:
        """Return the jobs that are in flight, without those that this process has taken and not begun."""
        ahead = Counter(payload for hand in list(self.full) if hand.pid == getpid() for payload in list(hand.ahead))
        found = Counter(job.payload for job in super().in_flight())
        return [Job(payload) for payload in (found - ahead).elements()]
