"""Step 5: a job is moved, not popped, so it survives whoever has it in hand. Each job is done at least once.

A processor moves a job from the queue to an *in-flight list* of its own, and removes it when it is done. The sorted set
`luffy:queue:hearts` says until when the owner of each list is known to be alive. A keeper in each pool puts that off,
beat by beat, and puts back what is in the lists of those whose time is over. (In Sidekiq this is `super_fetch`.)
"""

import contextlib
import json
import logging
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from os import getpid
from typing import Any

import redis

from luffy_lesson import step3_memory_queue, step4_redis_queue
from luffy_lesson.step4_redis_queue import Backend, Job, Luffy, Processor, Worker, say

__all__ = ["Backend", "Hand", "Job", "Luffy", "Pool", "Processor", "RedisBackend", "Worker", "fields", "noted", "say"]

logger = logging.getLogger(__name__)
WEEK = 7 * 24 * 60 * 60  # seconds

# How many jobs wait, then the in-flight lists that have one, of those whose hearts beat until ARGV[1] at most.
LOOK = """
local found = {redis.call('LLEN', KEYS[1])}
for _, list in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])) do
  if redis.call('LLEN', list) > 0 then table.insert(found, list) end
end
return found"""

# Move a job out of the in-flight list KEYS[2], if it is there and the heart of the list beats until ARGV[1] at most.
# It is added first: should the server have no memory for it, the job stays where it is.
MOVE = """
local heart = tonumber(redis.call('ZSCORE', KEYS[1], KEYS[2]) or 0)
if heart > tonumber(ARGV[1]) or not redis.call('LPOS', KEYS[2], ARGV[2]) then return 0 end
if ARGV[4] == '' then redis.call('RPUSH', KEYS[3], ARGV[3]) else redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3]) end
return redis.call('LREM', KEYS[2], 1, ARGV[2])"""


def fields(payload: bytes) -> dict[str, Any]:
    """Return what the payload of a job says; nothing where it is no JSON object."""
    try:
        found = json.loads(step4_redis_queue.shallow(payload))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def noted(payload: bytes, **notes: Any) -> bytes:
    """Return the payload with these notes, and an id where it has none; one that cannot be written anew as it is."""
    with contextlib.suppress(ValueError):  # a number too long
        if found := fields(payload):
            return json.dumps(found | {"id": found.get("id") or secrets.token_hex(12)} | notes).encode()
    return payload


class Hand(contextlib.AbstractContextManager["Hand"]):
    """What a thread has in hand: an in-flight list of its own, and the jobs that it has taken into it.

    A command that changes the list is sent `with` the hand. If it fails, nobody knows whether the list has changed.
    """

    def __init__(self, queue: str) -> None:
        self.key, self.pid = f"{queue}:in_flight:{secrets.token_hex(12)}", getpid()
        self.jobs: list[bytes] = []
        self.beaten = time.monotonic()
        self.unsure = False  # whether one has failed

    def __exit__(self, failed: Any, *_: object) -> None:
        self.unsure |= failed is not None


class Pool(step4_redis_queue.Pool):
    """A group of processors, and one thread more: a keeper that beats their hearts."""

    def __init__(self, processor: type[Processor], count: int, backend: Any) -> None:
        """Make `count` processors of the class `processor` on `backend`.

        Raise ValueError when that is less than 1, TypeError for processors of an earlier step.
        """
        if not issubclass(processor, backend.Processor):
            raise TypeError(f"{backend!r} wants processors of its own step, {backend.Processor}, and not {processor}.")
        super().__init__(processor, count, backend)
        self.backend = backend
        self.threads.append(threading.Thread(target=self.keep, args=[self.tend, backend.beat_every], name="Keeper"))

    def keep(self, chore: Callable[[], None], every: float) -> None:
        """Do `chore` every so many seconds, as long as a processor lives: the loop of a keeper."""
        threads = [processor.thread for processor in self.processors]
        while alive := [thread for thread in threads if thread.is_alive()]:
            try:
                chore()
            except Exception as error:  # without a keeper, all hearts would stop
                logger.warning("%r: %s (trying again in %g s)", self.backend, error, every)
            alive[0].join(every)

    def tend(self) -> None:
        """Beat the hearts of the processors, and put back what others had in hand whose hearts have stopped."""
        threads = [processor.thread for processor in self.processors if processor.thread.is_alive()]
        self.backend.beat(*filter(None, map(self.backend.hands.get, threads)))
        self.backend.recover()


class RedisBackend(step4_redis_queue.RedisBackend):
    """A queue in Redis that keeps a job until it is done.

    A thread that takes several jobs acknowledges them in the order in which it took them. After a failure of the server
    it may be given again what it has not acknowledged.
    """

    _needs = "LPUSH RPUSH LLEN LPOS LRANGE LREM LMOVE BLMOVE ZADD ZSCORE ZCARD ZRANGEBYSCORE ZREMRANGEBYSCORE TIME EVAL"
    beat_every, gone_after = 10.0, 60.0  # seconds: how often a heart beats, and after what silence it has stopped
    most_crashes = 3  # a job that so many processors had in hand when they went is dead
    Pool, Processor, new_hand = Pool, Processor, Hand
    redis: Any

    def __init__(
        self, connection: "redis.Redis | None" = None, *, beat_every: float = 0.0, gone_after: float = 0.0
    ) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`; raise redis.RedisError as in step 4.

        A heart beats `beat_every` seconds, and has stopped after `gone_after` of silence, if these are given.
        """
        super().__init__(connection)
        if beat_every:
            self.beat_every = beat_every
        if gone_after:
            self.gone_after = gone_after
        self.hearts, self.grave = f"{self.key}:hearts", f"{self.key}:dead"
        self.hands = weakref.WeakKeyDictionary[threading.Thread, Hand]()  # each thread sets its own

    def put(self, job: "step3_memory_queue.Job | Job", /) -> int:
        """Add `job`, with an id. Return how many wait now; raise what step 4 raises."""
        return super().put(job if isinstance(job, Job) else Job(self.encode(job)))

    def encode(self, job: step3_memory_queue.Job) -> bytes:
        """Return the payload of `job`, with an id. Raise TypeError as in step 4."""
        return noted(Job.encode(job).payload)

    def take(self, seconds: float) -> Any:
        """Move the payload at the right into the hand of this thread; wait for it for `seconds`, at most 0.5.

        Return None when none came. Raise redis.RedisError when the server fails: what came all the same is put back the
        next time.
        """
        hand = self.hand()
        with hand:
            if seconds < 0.001:  # to BLMOVE, too, 0 means for ever
                payload = self.redis.lmove(self.key, hand.key, "RIGHT", "LEFT")
            else:
                payload = self.redis.blmove(self.key, hand.key, seconds, "RIGHT", "LEFT")
        if payload is not None:
            hand.jobs.append(payload)
        return payload

    def hand(self) -> Hand:
        """Return the hand of this thread: a new one after a failure, when what the old one has is put back."""
        hand = self.hands.get(me := threading.current_thread())
        if hand and time.monotonic() > hand.beaten + self.beat_every:  # no keeper beats for it
            self.beat(hand)
        if hand is None or hand.unsure or hand.pid != getpid():
            new = self.new_hand(self.key)  # the old one may still get what is late on its way
            self.beat(new)
            if hand and hand.pid == new.pid:
                for payload in self.redis.lrange(hand.key, 0, -1):
                    self.move(hand.key, payload, payload, self.key)
            hand = self.hands[me] = new
        return hand

    def task_done(self) -> None:
        """Acknowledge the job that this thread took first. Raise ValueError when it has none, as `queue.Queue` does."""
        hand = self.hands.get(threading.current_thread())
        if hand is None or not hand.jobs:
            raise ValueError("task_done() called too many times")
        with hand:
            self.commit(hand, hand.jobs.pop(0))

    def commit(self, hand: Hand, payload: bytes) -> None:
        """Remove a job that is finished."""
        self.redis.lrem(hand.key, 1, payload)

    def join(self) -> None:
        """Wait until no job waits and none is in flight. Raise redis.RedisError like `qsize`."""
        while self.look() != [0]:
            time.sleep(0.05)  # Redis has no event to wait for here

    def in_flight(self) -> list[Job]:
        """Return the jobs that are in flight, whoever has them. Raise redis.RedisError when the server fails."""
        return [Job(payload) for hand in self.look()[1:] for payload in self.redis.lrange(hand, 0, -1)]

    def sizes(self) -> dict[str, int]:
        """Return how many jobs are where. Raise redis.RedisError when the server fails."""
        return {"waiting": self.qsize(), "in flight": len(self.in_flight()), "dead": self.redis.zcard(self.grave)}

    def now(self) -> float:
        """Return the time by the server's clock, in seconds."""
        seconds, microseconds = self.redis.time()
        return float(seconds + microseconds / 1e6)

    def beat(self, *hands: Hand) -> None:
        """Say that the owners of `hands` are alive: for `gone_after` seconds from now."""
        if hands:
            self.redis.zadd(self.hearts, dict.fromkeys([hand.key for hand in hands], self.now() + self.gone_after))
            for hand in hands:
                hand.beaten = time.monotonic()

    def look(self, until: Any = "+inf") -> list[Any]:
        """Return how many jobs wait, then the in-flight lists that have one, of those whose hearts beat until then."""
        return list(self.redis.eval(LOOK, 2, self.key, self.hearts, until))

    def move(self, hand: str, payload: bytes, new: bytes, to: str, due: Any = "", until: Any = "+inf") -> bool:
        """Move a job, in one step, out of an in-flight list, if it is in there and its heart beats until then."""
        return bool(self.redis.eval(MOVE, 3, self.hearts, hand, to, until, payload, new, due))

    def recover(self) -> None:
        """Put back what those had in hand whose hearts have stopped. What has been put back too often is dead."""
        now = self.now()
        for hand in self.look(now)[1:]:
            for payload in self.redis.lrange(hand, 0, -1):
                before = fields(payload).get("crashes")
                crashes = before + 1 if isinstance(before, int) else 1
                alive = crashes < self.most_crashes
                to, due, notes = (self.key, "", {}) if alive else (self.grave, now, {"failure": None})
                if self.move(hand, payload, noted(payload, crashes=crashes, **notes), to, due, now):
                    logger.warning("%s was left behind by a processor that is gone", Job(payload))
        # Not at once: who was frozen may go on, and use its list before its heart beats again.
        self.redis.zremrangebyscore(self.hearts, "-inf", now - WEEK)
