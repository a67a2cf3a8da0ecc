"""Step 4: the queue lives in Redis. It outlives the process, and any program in any language can share it.

On the wire: the list `luffy:queue`. `LPUSH` adds a job at the left, and it is taken from the right. A job is the JSON
object `{"worker": "VeryHeavyService", "args": [3]}`; other fields are welcome, and are left alone. It has 64 levels at
most, itself and the list of its arguments included.
"""

import json
import logging
import math
import queue
import re
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NamedTuple

import redis

from luffy_lesson import redis_client, step3_memory_queue
from luffy_lesson.step3_memory_queue import Backend, Job, Luffy, Pool, say

__all__ = ["Backend", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "say"]

logger = logging.getLogger(__name__)
DEEPEST = 64  # levels


class Worker(step3_memory_queue.Worker):
    """A worker that its name on the wire can be turned back into."""

    registry: dict[str, "type[Worker]"] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__module__.startswith("luffy_lesson.step"):  # the steps' own are no jobs
            warn_of_namesake(cls)
            Worker.registry[cls.__name__] = cls


def warn_of_namesake(worker: type[Worker]) -> None:
    """Log a warning when the registry has a worker of this name that is defined elsewhere: it will get no more jobs."""
    before = Worker.registry.get(worker.__name__, worker)
    new, old = (f"{each.__module__}.{each.__qualname__}" for each in (worker, before))
    if new != old:  # equal where a cell is run again
        logger.warning("%s takes over the jobs of %s: rename one of them.", new, old)


def shallow(payload: bytes) -> bytes:
    """Return `payload` as it is. Raise ValueError when it is nested more than 64 levels deep.

    A level is a list or an object that is open: `{"worker": "Note", "args": [[3]]}` has three. Without a limit of our
    own, each version of Python would have another.
    """
    # It cannot be if it is short, or has few brackets.
    if len(payload) > 2 * DEEPEST and payload.count(b"[") + payload.count(b"{") > DEEPEST:
        text = str(payload, json.detect_encoding(payload), "surrogatepass").replace(r"\\", "").replace(r"\"", "")
        brackets = re.findall(r"[][{}]", "".join(text.split('"')[::2]))  # every second part is a string
        if max(accumulate(1 if bracket in "[{" else -1 for bracket in brackets), default=0) > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    return payload


class Message(NamedTuple):
    """A job as it travels: its payload. It is read when it is performed, so one that makes no sense fails like any."""

    payload: bytes

    @classmethod
    def encode(cls, job: Job, **more: Any) -> "Message":
        """Make `job` fit to travel, with `more` fields.

        Raise TypeError for arguments that JSON would lose or change, or as `shallow`.
        """
        try:
            payload = json.dumps({"worker": job.worker.__name__, "args": job.args, **more}, allow_nan=False).encode()
            if json.loads(shallow(payload))["args"] != list(job.args):
                raise ValueError("JSON would change them")
        except (TypeError, ValueError, RecursionError) as error:
            name = job.worker.__name__
            raise TypeError(f"{name}: use only arguments that JSON has, {DEEPEST} levels at most ({error})") from error
        return cls(payload)

    def decode(self) -> Job:
        """Read the payload. Raise ValueError when it is no job, LookupError when its worker is not defined here."""
        match json.loads(shallow(self.payload)):
            case {"worker": str(name), "args": list(args)}:
                if name not in Worker.registry:
                    raise LookupError(f"no worker {name!r} here, only {sorted(Worker.registry)}")
                return Job(Worker.registry[name], tuple(args))
        raise ValueError('not a job like {"worker": "VeryHeavyService", "args": [3]}')

    def perform(self) -> Any:
        """Do the job, here and now; return or raise what the worker does, or raise what `decode` does."""
        return self.decode().perform()

    def __str__(self) -> str:
        return self.payload.decode(errors="replace")


def patience(block: bool, timeout: float | None) -> float:
    """Return how many seconds a `get` waits. Raise ValueError when `timeout` is negative."""
    if not block:
        return 0
    if timeout is None:
        return math.inf
    if timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
    return timeout


def patiently(take: Callable[[float], bytes | None], seconds: float) -> bytes | None:
    """Return what `take` gets; None when that is nothing for so many `seconds`. It is told how long it may wait."""
    deadline = time.monotonic() + seconds
    while True:
        # Half a second at a time: a reply that takes two seconds counts as lost.
        payload = take(max(0, min(seconds, 0.5)))
        seconds = deadline - time.monotonic()
        if payload is not None or seconds <= 0:
            return payload


class RedisBackend:
    """A queue in Redis, with the five methods of `queue.Queue`."""

    key = "luffy:queue"
    message: type[Message] = Message
    _needs = "LPUSH LLEN BRPOP RPOP"  # the commands that it sends

    def __init__(self, connection: "redis.Redis | None" = None, *, hash_tag: str | None = None) -> None:
        """Use the server of `connection`; without one, that of `$REDIS_URL`, else Redis's own default address.

        In a Redis Cluster, a hash tag keeps all keys on one node: with `hash_tag="luffy"` the queue is `{luffy}:queue`.
        While its keys move to another node one by one, callers get an error; all at once, nobody notices.

        Raise redis.RedisError within 3 seconds (a Sentinel may take longer) when the server does not answer, or refuses
        what is needed; TypeError for a client of another kind, ValueError when `$REDIS_URL` is no address.
        """
        if hash_tag is not None:
            self.key = redis_client.tagged(hash_tag)
        self.redis = redis_client.connect(connection, hash_tag)
        redis_client.try_out(self.redis, self._needs, self.key)

    def put(self, job: Job | Message, /) -> int:
        """Add `job` at the left. Return how many wait now.

        Raise TypeError when the job cannot travel, redis.RedisError within 3 seconds when the server does not answer:
        whether the job was added is then not known.
        """
        message = job if isinstance(job, Message) else self.message.encode(job)
        return self.push(message.payload)

    def push(self, payload: bytes) -> int:
        """Add a payload at the left. Return how many wait now; raise redis.RedisError as `put`."""
        return int(self.redis.lpush(self.key, payload))

    def get(self, block: bool = True, timeout: float | None = None) -> Message:
        """Take the job at the right. Wait for one: for ever, or for `timeout` seconds, or with `block=False` not.

        Raise queue.Empty when none came, ValueError for a negative timeout, redis.RedisError when the server fails: a
        job that was on its way is then lost.
        """
        payload = patiently(self.take, patience(block, timeout))
        if payload is None:
            raise queue.Empty
        return self.message(payload)

    def take(self, seconds: float) -> Any:
        """Take the payload at the right; wait for it for `seconds`, at most 0.5. Return None when none came."""
        # To BRPOP 0 means for ever, and some servers round less than a millisecond to 0.
        if seconds < 0.001:
            return self.redis.rpop(self.key)
        taken: Any = self.redis.brpop([self.key], timeout=seconds)
        return taken and taken[1]

    def task_done(self) -> None:
        """Do nothing: a job has left Redis when it was taken, and there is no more to say."""

    def qsize(self) -> int:
        """Return how many jobs wait. Raise redis.RedisError when the server fails."""
        return int(self.redis.llen(self.key))

    def join(self) -> None:
        """Wait until all jobs have been taken; some may still be in hand. Raise redis.RedisError like `qsize`."""
        while self.qsize():
            time.sleep(0.05)  # Redis has no event to wait for here

    def __repr__(self) -> str:
        return f"<RedisBackend {redis_client.place(self.redis)}>"


class Processor(step3_memory_queue.Processor):
    """A processor that outlasts its server."""

    def run(self) -> None:
        """Run the loop; after a failure, of the server or for want of memory, begin again a second later."""
        while not self.leaving():
            try:
                super().run()
                break  # it was told to stop, or its queue was shut down
            except Exception as error:
                logger.warning("%r: %s (trying again in a second)", self.backend, str(error) or repr(error))
                self.stopping.wait(1)
