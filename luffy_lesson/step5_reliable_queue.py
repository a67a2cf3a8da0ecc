"""Step 5: a job is moved, not popped, so it survives whoever has it in hand. Each job is done at least once.

Whoever takes jobs does so through a *consumer*. It moves a job from the queue to an *in-flight list* of its own, and
removes it when it is done. A sorted set of *heartbeats* says until when the owner of each list is known to be alive. A
keeper in each pool puts that off, beat by beat, and puts back what is in the lists of those whose time is over. (In
Sidekiq this is `super_fetch`.)
"""

import contextlib
import json
import logging
import math
import os
import queue
import secrets
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Self

import redis
from redis.exceptions import OutOfMemoryError

from luffy_lesson import step4_redis_queue
from luffy_lesson.step4_redis_queue import Backend, Job, Luffy, Worker, patience, patiently, say

__all__ = [
    "Backend", "Consumer", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted",
    "say",
]  # fmt: skip

logger = logging.getLogger(__name__)
WEEK = 7 * 24 * 60 * 60  # seconds
OF_THE_SERVER = (redis.ConnectionError, redis.TimeoutError, redis.ResponseError)  # other errors may be a job's fault
LARGE = 2**20  # bytes: each server takes so much in one piece, and some take no more

# A full server refuses commands that need memory, a script only at its first write. So the first write of each script
# here needs none, and changes nothing.

# Move the oldest job of the queue KEYS[1] to the in-flight list KEYS[2].
MOVE = """
redis.call('LTRIM', KEYS[2], 0, -1)
return redis.call('LMOVE', KEYS[1], KEYS[2], 'RIGHT', 'LEFT')"""

# Give back up to ARGV[1] jobs, from the end ARGV[2] of the list KEYS[2] to the end ARGV[3] of the queue KEYS[1].
GIVE_BACK = """
redis.call('LTRIM', KEYS[2], 0, -1)
for given = 0, ARGV[1] - 1 do
  if not redis.call('LMOVE', KEYS[2], KEYS[1], ARGV[2], ARGV[3]) then return given end
end
return tonumber(ARGV[1])"""

# Put off until in ARGV[1] seconds when the heartbeats of lists stop; ARGV[2] is the first.
BEAT = """
redis.call('ZREM', KEYS[1], '')
local now = redis.call('TIME')
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now[1] + now[2] / 1e6 + ARGV[1], ARGV[i]) end"""

# Forget the heartbeat of the list KEYS[2], if nothing is in there.
FORGET = "if redis.call('LLEN', KEYS[2]) == 0 then redis.call('ZREM', KEYS[1], KEYS[2]) end"

# How many jobs are in the queue KEYS[1], and in flight.
COUNT = """
local in_flight = 0
for _, list in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do in_flight = in_flight + redis.call('LLEN', list) end
return {redis.call('LLEN', KEYS[1]), in_flight}"""

# The jobs of a list behind the first ARGV[1]: twenty at most, and a megabyte, or one that is larger.
PORTION = """
local found, bytes = {}, 0
for i = ARGV[1], ARGV[1] + 19 do
  local payload = redis.call('LINDEX', KEYS[1], i)
  if not payload or bytes > 0 and bytes + #payload > 2^20 then break end
  table.insert(found, payload)
  bytes = bytes + #payload
end
return found"""

# The begin of two scripts: go on only if the job ARGV[2] is in the in-flight list KEYS[2], and the heartbeat of that
# lasts until ARGV[1] at most. They add before they remove: should the server fail in between, the job is there twice.
IF_THERE = """
redis.call('ZREM', KEYS[1], '')
local heartbeat = tonumber(redis.call('ZSCORE', KEYS[1], KEYS[2]) or 0)
if heartbeat > tonumber(ARGV[1]) or not redis.call('LPOS', KEYS[2], ARGV[2]) then return 0 end
"""

# Move that job to the end of the queue KEYS[3] from which it is taken next; ARGV[3] takes its place, if there is one.
PUT_BACK = f"""{IF_THERE}
redis.call('RPUSH', KEYS[3], ARGV[3] or ARGV[2])
return redis.call('LREM', KEYS[2], 1, ARGV[2])"""

# Move that job to the sorted set KEYS[3], due in ARGV[3] seconds; ARGV[4] takes its place, if there is one. Of equal
# jobs it is the oldest: that is the one that was performed.
SET_ASIDE = f"""{IF_THERE}
local now = redis.call('TIME')
redis.call('ZADD', KEYS[3], now[1] + now[2] / 1e6 + ARGV[3], ARGV[4] or ARGV[2])
return redis.call('LREM', KEYS[2], -1, ARGV[2])"""


class Message(step4_redis_queue.Message):
    """A job as it travels, with an id."""

    @classmethod
    def encode(cls, job: Job, **more: Any) -> "Message":
        """Make `job` fit to travel, with an id. Raise TypeError as in step 4."""
        return cls(super().encode(job, id=secrets.token_hex(12), **more).payload)


def fields(payload: bytes) -> dict[str, Any]:
    """Return what a payload says; nothing where it is no JSON object."""
    try:
        found = json.loads(step4_redis_queue.shallow(payload))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def noted(payload: bytes, **notes: Any) -> bytes:
    """Return the payload with these notes, and an id where it has none; one that cannot be noted on as it is."""
    with contextlib.suppress(ValueError, RecursionError):  # a number too long
        if found := fields(payload):
            return json.dumps(found | {"id": found.get("id") or secrets.token_hex(12)} | notes).encode()
    return payload


class Owned:
    """What belongs to one process. One that is forked off has a copy, which must not do what its original does."""

    everything = weakref.WeakKeyDictionary["Owned", None]()

    def __init__(self) -> None:
        Owned.everything[self] = None

    @classmethod
    def living(cls) -> list[Self]:
        """Return all of this class that there are."""
        return [one for reference in Owned.everything.keyrefs() if isinstance(one := reference(), cls)]

    def forked(self) -> None:
        """Be a copy: called in a process that was just forked off."""


def forked() -> None:
    """Tell all copies in a new process that they are copies."""
    for one in Owned.living():
        one.forked()


os.register_at_fork(after_in_child=forked)


class Consumer(Owned):
    """Through what somebody takes jobs. It has an in-flight list of its own, and knows what it has taken.

    `with consumer:` gives all that up when an error comes: the next `get` puts it back, and begins a new list. After an
    error of the server it is taken next; after another it waits behind the rest, for a job may be to blame.
    """

    def __init__(self, backend: "RedisBackend") -> None:
        self.backend = backend
        self.copied = False
        self.begin()
        super().__init__()  # last: from now on, other threads may find it

    def begin(self) -> None:
        """Begin a new list. The server does not know of it yet."""
        self.key = f"{self.backend.key}:in_flight:{secrets.token_hex(12)}"
        self.taken = deque[bytes]()  # and not acknowledged, the oldest first
        self.unsure = False  # whether the list may be another than that
        self.to_blame = False  # whether a job may be to blame for it
        self.beaten = -math.inf
        self.message: Callable[[bytes], step4_redis_queue.Message] = self.backend.message

    def forked(self) -> None:
        """Leave to its original what that has taken."""
        self.copied = True
        self.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        # A refusal is an answer, so who had nothing still has nothing. After any other error nobody knows.
        known = isinstance(error, redis.ResponseError | queue.Empty) and not self.taken
        if error is not None and not known:
            self.unsure = True
            self.to_blame |= not isinstance(error, OF_THE_SERVER)

    def get(self, block: bool = True, timeout: float | None = None) -> step4_redis_queue.Message:
        """Take the oldest job; wait, and raise, as in step 4.

        After an error of the server, what has been taken and not acknowledged may be given out again. Who may be
        interrupted, by Ctrl+C or ■, takes, performs and acknowledges `with` the consumer: else an interrupted job may
        be acknowledged in the place of the next.
        """
        seconds = patience(block, timeout)
        with self:
            payload = patiently(self.take, seconds)
        if payload is None:
            raise queue.Empty
        return self.message(payload)

    def take(self, seconds: float) -> bytes | None:
        """Move the oldest job to the list; wait for one for `seconds`, at most 0.5. Return None when none came."""
        self.settle()
        payload: bytes | None = self.backend.move(self.key, seconds)
        if payload is not None:
            self.taken.append(payload)
        return payload

    def settle(self) -> None:
        """Make sure that the list may be used: a new one after an error, and one with a heartbeat."""
        if self.unsure:
            self.give_up()
        if time.monotonic() > self.beaten + self.backend.beat_every:  # no keeper does it
            self.backend.beat(self)

    def give_up(self) -> None:
        """Put back what is in the list, and begin a new one: the old one may still get what is late on its way."""
        ends = ("RIGHT", "LEFT") if self.to_blame else ("LEFT", "RIGHT")
        while self.backend.give_back(self.key, 100, *ends) == 100:
            pass
        self.begin()

    def task_done(self) -> None:
        """Acknowledge the job that was taken first. Raise ValueError when there is none, as `queue.Queue` does."""
        if self.taken:
            with self:
                self.commit(self.taken[0])
                self.taken.popleft()
        elif not self.copied:  # else its original acknowledges it
            raise ValueError("task_done() called too many times")

    def commit(self, payload: bytes) -> None:
        """Remove a job that is finished."""
        if not self.backend.redis.lrem(self.key, -1, payload):
            self.was_given_away(payload)

    def was_given_away(self, payload: bytes) -> None:
        """Log that a job that is finished was in flight no more: its heartbeat had stopped meanwhile."""
        logger.warning("%s took longer than its heartbeat lasted: it may be done again", Message(payload))

    def close(self) -> None:
        """Put back what was not acknowledged, and let the server forget the list. For who takes no more."""
        if self.unsure or self.taken:
            self.give_up()  # whose heartbeat is not forgotten: others look there for what comes late
        elif self.beaten > -math.inf:
            self.beaten = -math.inf  # first: the keeper may beat meanwhile, and closes it once more
            self.backend.redis.eval(FORGET, 2, self.backend.heartbeats, self.key)


class Processor(step4_redis_queue.Processor, Owned):
    """A processor that takes jobs through a consumer of its own."""

    def __init__(self, number: int, backend: Any) -> None:
        """Make processor `number` of a pool on `backend`. Raise TypeError when that has no consumers."""
        if not isinstance(backend, RedisBackend):
            raise TypeError(f"{backend!r} loses jobs: use the RedisBackend of {__name__}, or of a later step.")
        super().__init__(number, backend)
        Owned.__init__(self)
        self.consumer: Any = backend.consumer()

    def forked(self) -> None:
        """Take no more."""
        self.stopping = threading.Event()  # somebody may just have used the other
        self.stopping.set()

    def run(self) -> None:
        """Run the loop, and leave nothing behind."""
        super().run()
        self.close()

    def close(self) -> None:
        """Close the consumer; without a server, what it has is put back when its heartbeat has stopped."""
        try:
            self.consumer.close()
        except Exception as error:
            logger.warning("%r: %s (others will put back what is in flight)", self.backend, str(error) or repr(error))


class Pool(step4_redis_queue.Pool):
    """A group of processors, and one thread more: a keeper that beats for them."""

    def __init__(self, processor: type[step4_redis_queue.Processor], count: int, backend: Any) -> None:
        """Make `count` processors of the class `processor` on `backend`.

        Raise ValueError when that is less than 1, TypeError for processors of an earlier step.
        """
        if not issubclass(processor, backend.Processor):
            raise TypeError(f"{backend!r} wants processors of its own step, {backend.Processor}, and not {processor}.")
        super().__init__(processor, count, backend)
        self.processors: list[Any]
        self.backend = backend
        self.threads.append(threading.Thread(target=self.look_after, name="Keeper"))

    def keep(self, chore: Callable[[], None], every: float) -> None:
        """Do `chore` every so many seconds, as long as a processor lives."""
        threads = [processor.thread for processor in self.processors]
        while alive := [thread for thread in threads if thread.is_alive()]:
            try:
                chore()
            except Exception as error:  # without a keeper, all heartbeats would stop
                logger.warning("%r: %s (trying again in %g s)", self.backend, str(error) or repr(error), every)
            alive[0].join(every)

    def look_after(self) -> None:
        """Tend the processors as long as one lives, and tidy up after them: what the keeper does."""
        self.keep(self.tend, self.backend.beat_every)
        for processor in self.processors:
            processor.close()

    def tend(self) -> None:
        """Beat for the processors, and put back what others have left behind; in between, beat again."""
        self.beat()
        for _ in self.backend.recovering():
            self.beat()

    def beat(self) -> None:
        """Say that the owners of the consumers are alive."""
        self.backend.beat(*[processor.consumer for processor in self.processors if processor.thread.is_alive()])


class RedisBackend(step4_redis_queue.RedisBackend, Owned):
    """A queue in Redis that keeps a job until it is done."""

    _needs = (
        "LPUSH RPUSH LLEN LINDEX LPOS LRANGE LREM LTRIM LMOVE BLMOVE ZADD ZREM ZSCORE ZCARD ZRANGE ZRANGEBYSCORE "
        "ZREMRANGEBYSCORE TIME EVAL"
    )
    beat_every, gone_after = 10.0, 60.0  # seconds: how often a heartbeat is put off, and after what silence it stops
    most_crashes = 3  # a job that was left behind so often is dead
    message = Message
    Processor: type[Any] = Processor
    Pool: type[Any] = Pool
    redis: Any

    def __init__(
        self,
        connection: "redis.Redis | None" = None,
        *,
        beat_every: float | None = None,
        gone_after: float | None = None,
        hash_tag: str | None = None,
    ) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, and a hash tag as in step 4; raise what that does.

        A heartbeat is put off every `beat_every` seconds, and stops after `gone_after` seconds of silence.
        """
        super().__init__(connection, hash_tag=hash_tag)
        Owned.__init__(self)
        if beat_every is not None:
            self.beat_every = beat_every
        if gone_after is not None:
            self.gone_after = gone_after
        self.heartbeats = f"{self.key}:hearts"  # a name that programs of earlier versions know
        self.dead_set = f"{self.key}:dead"
        self.own = threading.local()

    def consumer(self) -> Consumer:
        """Return a new consumer, for whoever asks."""
        return Consumer(self)

    def mine(self) -> Consumer:
        """Return the consumer of this thread, for who takes jobs by hand."""
        if not hasattr(self.own, "consumer"):
            self.own.consumer = self.consumer()
        return self.own.consumer  # type: ignore[no-any-return]

    def get(self, block: bool = True, timeout: float | None = None) -> step4_redis_queue.Message:
        """Take the oldest job, through the consumer of this thread; its `get` says what is safe."""
        return self.mine().get(block, timeout)

    def task_done(self) -> None:
        """Acknowledge the job that this thread took first. Raise ValueError when it has none, as `queue.Queue` does."""
        self.mine().task_done()

    def home(self, in_flight: str | bytes) -> str:
        """Return the key of the queue to which the jobs of a list go back."""
        return self.key

    def move(self, to: str, seconds: float) -> Any:
        """Move the oldest job to the list `to`; wait for one for `seconds`. Return its payload, None when none came."""
        if seconds >= 0.001:  # to BLMOVE, too, 0 means for ever
            with contextlib.suppress(OutOfMemoryError):
                return self.redis.blmove(self.home(to), to, seconds, "RIGHT", "LEFT")
        payload = self.redis.eval(MOVE, 2, self.home(to), to)
        if payload is None:
            time.sleep(min(seconds, 0.05))  # a full server refuses to wait
        return payload

    def give_back(self, in_flight: str, most: int, at: str, to: str) -> int:
        """Move up to `most` jobs from one end of a list to one end of the queue. Return how many."""
        return int(self.redis.eval(GIVE_BACK, 2, self.home(in_flight), in_flight, most, at, to))

    def put_back(self, in_flight: str, payload: bytes, new: bytes, until: Any = "+inf") -> bool:
        """Move a job back to the queue, as `new`, if it is in a list whose heartbeat lasts until then at most.

        Return whether it was.
        """
        home = self.home(in_flight)
        return bool(self.redis.eval(PUT_BACK, 3, self.heartbeats, in_flight, home, until, payload, new))

    def set_aside(
        self, in_flight: str, payload: bytes, new: bytes, to: str, seconds: float = 0, until: Any = "+inf"
    ) -> bool:
        """Move a job to a sorted set, due in so many seconds, on the same terms. Return whether."""
        return bool(self.redis.eval(SET_ASIDE, 3, self.heartbeats, in_flight, to, until, payload, seconds, new))

    def bury(self, in_flight: str, payload: bytes, until: Any = "+inf") -> bool:
        """Move a job to the dead as it is, on the same terms: the server refuses it with a note. Return whether."""
        return bool(self.redis.eval(SET_ASIDE, 3, self.heartbeats, in_flight, self.dead_set, until, payload, 0))

    def count(self) -> list[int]:
        """Return how many jobs wait, and how many are in flight. Raise redis.RedisError when the server fails."""
        return list(self.redis.eval(COUNT, 2, self.key, self.heartbeats))

    def join(self) -> None:
        """Wait until no job waits and none is in flight. Raise redis.RedisError like `qsize`."""
        while any(self.count()):
            time.sleep(0.05)  # Redis has no event to wait for here

    def in_flight(self) -> list[step4_redis_queue.Message]:
        """Return the jobs that are in flight, whoever has them. Raise redis.RedisError when the server fails."""
        lists = self.redis.zrange(self.heartbeats, 0, -1)
        return [self.message(payload) for one in lists for payload in self.redis.lrange(one, 0, -1)]

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        waiting, in_flight = self.count()
        return {"waiting": waiting, "in flight": in_flight, "dead": self.redis.zcard(self.dead_set)}

    def now(self) -> float:
        """Return the time by the server's clock, in seconds."""
        seconds, microseconds = self.redis.time()
        return float(seconds + microseconds / 1e6)

    def beat(self, *consumers: Consumer) -> None:
        """Say that the owners of `consumers` are alive: for `gone_after` seconds from now."""
        if consumers:
            beaten = time.monotonic()
            lists = [consumer.key for consumer in consumers]
            self.redis.eval(BEAT, 1, self.heartbeats, self.gone_after, *lists)
            for consumer in consumers:
                consumer.beaten = beaten

    def recover(self) -> None:
        """Put back what those have left behind whose heartbeats have stopped. What was left too often is dead."""
        for _ in self.recovering():
            pass

    def recovering(self) -> Iterator[None]:
        """Do what `recover` does, and yield after each portion: a list may be long, and others wait for a heartbeat."""
        now = self.now()
        for in_flight in self.redis.zrangebyscore(self.heartbeats, "-inf", now):
            stay = 0  # a job that cannot be put back keeps no other from it
            while (stays := self.recover_portion(in_flight, stay, now)) is not None:
                stay += stays
                yield
        # Not at once: who was frozen may go on, and use its list before its heartbeat is put off again.
        self.redis.zremrangebyscore(self.heartbeats, "-inf", now - WEEK)

    def recover_portion(self, in_flight: str, stay: int, now: float) -> int | None:
        """Put back some jobs of a list, all but the first `stay`. Return how many of them stay; None at its end."""
        stays = 0
        try:
            portion = self.redis.eval(PORTION, 1, in_flight, stay)
            for payload in portion:
                stays += not self.left_behind(in_flight, payload, now)
        except OF_THE_SERVER:
            raise
        except Exception as error:  # one that is too large for this machine
            logger.warning("A job in %s cannot be put back: %s", in_flight, str(error) or repr(error))
            return stays + 1
        return stays if portion else None

    def left_behind(self, in_flight: str, payload: bytes, now: float) -> bool:
        """Move on a job that was left behind, and log it. Return whether it was still there, and nobody beat."""
        moved = self.move_on(in_flight, payload, now)
        if moved:
            logger.warning("%s was left behind: the heartbeat of whoever had it is gone", Message(payload))
        return moved

    def move_on(self, in_flight: str, payload: bytes, now: float) -> bool:
        """Put back a job that was left behind, or it is dead. Return whether it was still there, and nobody beat."""
        new, dead = self.after_crash(payload)
        try:
            if dead:
                return self.set_aside(in_flight, payload, new, self.dead_set, until=now)
            return self.put_back(in_flight, payload, new, until=now)
        except redis.RedisError:
            if len(new) <= LARGE:
                raise
        return self.bury(in_flight, payload, now)

    def after_crash(self, payload: bytes) -> tuple[bytes, bool]:
        """Return a job that was left behind as it is kept from now on, and whether it is dead."""
        before = fields(payload).get("crashes")
        crashes = before + 1 if isinstance(before, int) else 1
        return noted(payload, crashes=crashes), crashes >= self.most_crashes
