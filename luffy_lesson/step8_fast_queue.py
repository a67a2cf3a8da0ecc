"""Step 8: the same promises, many times faster. Jobs are taken in batches, and acknowledged in batches.

The time of a small job goes into waiting for the server. So a consumer takes many jobs in one command, and acknowledges
in the same command what was finished meanwhile: it does not say which jobs, only how many, for they are those that it
took first. How many does it take? As many as it does in a hundredth of a second, so one where jobs are slow. What it
has *prefetched* and not begun in ten times that goes back to the queue.
"""

import contextlib
import copy
import math
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import redis

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step7_retries
from luffy_lesson.step7_retries import Backend, Dead, Job, Luffy, Worker, fields, noted, say, tried

__all__ = [
    "Backend", "Consumer", "Dead", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "fields",
    "noted", "say", "tried",
]  # fmt: skip

LARGE = 2**16  # bytes: a payload that is larger is pushed alone

# A function: move the oldest jobs of a queue to an in-flight list, so many or a megabyte. One that was left behind
# comes alone: those that came with it might die with it.
BATCH = """
local function batch(queue, in_flight, most)
  local fetched, count, bytes = {}, 0, 0
  while count < most and bytes < 2^20 do
    local before = count
    local portion = redis.call('LRANGE', queue, -math.min(count + 1, most - count, 1000), -1)
    for i = #portion, 1, -1 do
      if string.find(portion[i], '"crashes"', 1, true) then most = 1 end
      if count < most then
        count = count + 1
        fetched[count] = portion[i]
        bytes = bytes + #portion[i]
      end
    end
    if count == before then break end
    redis.call('LPUSH', in_flight, unpack(fetched, before + 1))
    redis.call('LTRIM', queue, 0, before - count - 1)
  end
  return fetched
end"""

# Acknowledge the ARGV[2] jobs of the list KEYS[2] that were taken first. Then move up to ARGV[3] of the queue KEYS[1]
# there. Do nothing if the list has not the ARGV[1] jobs that its owner believes: somebody has taken that for gone.
FETCH = f"""{BATCH}
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return false end
redis.call('LTRIM', KEYS[2], 0, -1 - ARGV[2])
return batch(KEYS[1], KEYS[2], tonumber(ARGV[3]))"""

# Give back jobs, as in step 5, if the list has the ARGV[4] that its owner believes.
GIVE_BACK = f"""
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[4]) then return false end
{step5_reliable_queue.GIVE_BACK}"""


read = msgspec.json.Decoder(dict[str, Any]).decode  # ten times as fast as `json`


class Message(step7_retries.Message):
    """A job as it travels, written and read faster."""

    @classmethod
    def encode(cls, job: Job, **more: Any) -> "Message":
        """Make `job` fit to travel, with an id. Raise TypeError as in step 4."""
        try:
            found = {"worker": job.worker.__name__, "args": job.args, "id": os.urandom(12).hex(), **more}
            payload = msgspec.json.encode(found)
            if read(step4_redis_queue.shallow(payload))["args"] != list(job.args):
                raise ValueError("JSON would change them")
            return cls(payload)
        except (TypeError, ValueError, RecursionError):
            return cls(super().encode(job, **more).payload)  # writes what is rare, and says what is wrong

    def decode(self) -> Job:
        """Read the payload; raise what step 4 raises."""
        worker, args = self.read()
        return Job(worker, tuple(args))

    def perform(self) -> Any:
        """Do the job, here and now; return or raise what the worker does, or raise what `decode` does."""
        worker, args = self.read()
        return worker.perform_now(*args)

    def read(self) -> tuple[type[Any], Sequence[Any]]:
        """Return the worker and its arguments, without making a `Job` of them; raise what `decode` does."""
        try:
            found = read(step4_redis_queue.shallow(self.payload))
            args = found["args"]
            if isinstance(args, list):
                return Worker.registry[found["worker"]], args
        except (TypeError, LookupError, ValueError):
            pass
        return super().decode()  # reads what is rare, or says what is wrong


class Consumer(step7_retries.Consumer):
    """Through what somebody takes jobs: it prefetches some, and acknowledges many at once.

    Its owner calls `get` and `task_done`, in turn: what is counted are the jobs that it took first. Other threads may
    tidy up: all that is sent to the server is, under the lock.
    """

    backend: "RedisBackend"
    prefetches = True

    def __init__(self, backend: "RedisBackend") -> None:
        self.lock = threading.RLock()
        super().__init__(backend)

    def begin(self) -> None:
        """Begin a new list. The server does not know of it yet."""
        super().begin()
        self.length = 0  # how many jobs the list has
        self.prefetched = deque[bytes]()  # those of them that are not begun
        self.begun = self.done = self.acknowledged = 0  # how many ever; the first two are counted by the owner alone
        self.batch = 0  # how many it has fetched last
        self.since = 0.0  # and when

    def forked(self) -> None:
        """Leave to its original what that has taken."""
        self.lock = threading.RLock()  # somebody may just have held the other
        super().forked()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        if self.unsure:
            self.prefetched.clear()  # they are in the list, perhaps

    def get(self, block: bool = True, timeout: float | None = None) -> step4_redis_queue.Message:
        """Take the oldest job; wait, and raise, as in step 5, which says what is safe."""
        try:
            payload = self.prefetched.popleft()
        except IndexError:  # none there, or all just given back
            return super().get(block, timeout)
        self.taken.append(payload)
        self.begun += 1
        return self.message(payload)

    def take(self, seconds: float) -> bytes | None:
        """Take the first job of a new batch, or wait for one that comes alone."""
        if not self.prefetches:
            return super().take(seconds)
        until = time.monotonic() + seconds
        with self.lock:
            self.settle()
            if self.batch and self.fetch_batch():
                return self.get(block=False).payload
        self.backend.tidy()
        # One thread at a time waits for the server; who does not wait needs no turn.
        with self.backend.turn if seconds else contextlib.nullcontext():
            return self.take_one(max(0.0, until - time.monotonic()))

    def take_one(self, seconds: float) -> bytes | None:
        """Take one job, as in step 5."""
        with self.lock, self:
            payload = super().take(seconds)
            self.batch = int(payload is not None)
            self.length += self.batch
            self.begun += self.batch
        self.since = time.monotonic()
        return payload

    def next_batch(self) -> int:
        """Return how many jobs to fetch: what is done in `batch_lasts` seconds, at most twice as many as last time."""
        each = (time.monotonic() - self.since) / self.batch + 1e-9  # seconds
        most = min(int(self.backend.batch_lasts / each), 2 * self.batch, self.backend.batch_most)
        return max(1, most)

    def fetch_batch(self) -> int:
        """Fetch as many jobs as there should be in a batch. Return how many came."""
        self.batch = self.fetch(self.next_batch())
        self.since = time.monotonic()
        return self.batch

    def fetch(self, most: int) -> int:
        """Acknowledge what is finished, and prefetch up to `most` jobs. Return how many came."""
        finished = self.done - self.acknowledged
        with self:
            fetched = self.backend.fetch(self.key, self.length, finished, most)
            if fetched is None:
                self.was_taken_for_gone()
                return 0
            self.fetched(finished, fetched)
        return len(fetched)

    def fetched(self, finished: int, payloads: list[bytes]) -> None:
        """Note what a fetch has done: so many jobs are acknowledged, and these are prefetched."""
        self.forget(finished)
        self.length += len(payloads) - finished
        self.prefetched.extend(payloads)

    def was_taken_for_gone(self) -> None:
        """Log what was given away, and save the rest."""
        self.doubt()
        self.acknowledge_each(self.was_given_away)
        self.sort_out()

    def forget(self, finished: int) -> None:
        """Forget so many jobs that are acknowledged."""
        for _ in range(finished):
            self.taken.popleft()
        self.acknowledged += finished

    def task_done(self) -> None:
        """Count a job of a batch: the next fetch acknowledges it. One that came alone, or has failed, cannot wait."""
        if self.batch > 1 and self.verdict is None and self.done < self.begun:
            self.done += 1
            return
        begin = time.monotonic()
        with self.lock:
            self.acknowledge()  # what was finished before it
            super().task_done()
            self.done += 1
            self.acknowledged += 1
            self.length -= 1
        self.since += time.monotonic() - begin  # the way to the server is no time of the jobs

    def acknowledge(self) -> None:
        """Acknowledge what is finished."""
        if self.unsure:
            self.sort_out()
        elif self.done > self.acknowledged:
            self.fetch(0)

    def settle(self) -> None:
        """Make sure that the list may be used, as in step 5; first acknowledge what is finished."""
        if self.unsure:
            self.acknowledge_each()
        super().settle()

    def acknowledge_each(self, missed: Callable[[bytes], None] = lambda payload: None) -> None:
        """Acknowledge job by job what is finished. Call `missed` for what is in the list no more."""
        while self.done > self.acknowledged:
            if not self.backend.redis.lrem(self.key, -1, self.taken[0]):
                missed(self.taken[0])
            self.forget(1)

    def sort_out(self) -> None:
        """Acknowledge, and give back, job by job: the list may be another than its owner believes."""
        self.acknowledge_each()
        begun = Counter(self.taken)
        for payload in self.backend.redis.lrange(self.key, 0, -1):
            begun[payload] -= 1
            if begun[payload] < 0:
                self.backend.put_back(self.key, payload, payload)

    def give_back(self) -> None:
        """Give back what is not begun: those that were fetched last, so that those to be counted stay the first."""
        count = 0
        with self, contextlib.suppress(IndexError):  # no more, or the owner has begun the rest
            while True:
                self.prefetched.pop()
                count += 1
        with self:
            if count and self.backend.give_back_of(self.key, self.length, count) is None:
                self.doubt()
        self.length -= count
        self.batch -= count

    def tidy(self, began: float = math.inf) -> None:
        """Acknowledge what is finished; give back what was fetched before `began`, and is not begun."""
        if not (self.unsure or self.prefetched or self.done > self.acknowledged):
            return  # and the owner may have the lock, and wait for a job
        with self.lock:
            self.acknowledge()
            if self.since < began:
                self.give_back()

    def doubt(self) -> None:
        """Begin no more of what is prefetched: others may have it."""
        self.unsure = True
        self.prefetched.clear()

    def close(self) -> None:
        """Acknowledge what is finished, give back the rest, and let the server forget the list."""
        with self.lock:
            self.tidy()
            super().close()


class Processor(step7_retries.Processor):
    """A processor that takes more jobs than it has begun."""

    def leaving(self) -> bool:
        """Whether to take no more. It asks as in step 3 once a batch: whether another thread is alive takes a while."""
        return self.stopping.is_set() if self.consumer.prefetched else super().leaving()


class Pool(step7_retries.Pool):
    """A group of processors that take more jobs than they have begun."""

    def quiet(self) -> None:
        """Take no more jobs, give back what is not begun, and return at once."""
        super().quiet()
        for processor in self.processors:
            with contextlib.suppress(redis.RedisError):  # it will try again when it ends, and say so
                processor.consumer.tidy()


class Group:
    """Payloads that are pushed together, and what has come of it. Who adds the first one leads the others."""

    def __init__(self) -> None:
        self.payloads = list[bytes]()
        self.size = 0  # bytes
        self.arrived = threading.Event()
        self.length = 0  # of the queue, with all of them
        self.error: Exception | None = redis.ConnectionError("The push was interrupted: the job may be there.")

    def full(self, payload: bytes) -> bool:
        """Whether there is no room for another payload: a thousand are enough, or a megabyte."""
        return len(self.payloads) == 1000 or self.size + len(payload) > step5_reliable_queue.LARGE

    def add(self, payload: bytes) -> int:
        """Add a payload. Return how many are before it."""
        self.payloads.append(payload)
        self.size += len(payload)
        return len(self.payloads) - 1

    def result(self, place: int) -> int:
        """Return the length of the queue with the payload at `place`; raise an exception of its own if that failed."""
        if self.error:
            raise copy.copy(self.error)
        return self.length - len(self.payloads) + 1 + place


class Carrier:
    """Pushes payloads. Those that come while a push is on its way are a group, and go together in the next one."""

    patience = 10.0  # seconds: no push takes longer

    def __init__(self, send: Callable[..., int]) -> None:
        """Push with `send`, which takes payloads and returns the length of the queue."""
        self.send = send
        self.on_its_way = threading.Lock()
        self.group = Group()  # the one that can be joined
        self.joining = threading.Lock()

    def push(self, payload: bytes) -> int:
        """Push a payload. Return the length of the queue with it; raise what `send` raises, an exception of its own."""
        if self.group.payloads or self.on_its_way.locked():
            return self.push_together(payload)
        with self.on_its_way:
            return self.send(payload)  # who is alone needs no group

    def push_together(self, payload: bytes) -> int:
        """Push a payload with those of others. Return, and raise, as `push`."""
        with self.joining:
            if self.group.full(payload):
                self.group = Group()
            group = self.group
            place = group.add(payload)
        if place == 0 or not group.arrived.wait(self.patience):  # who leads it may be interrupted before it begins
            self.lead(group)
        return group.result(place)

    def lead(self, group: Group) -> None:
        """Push a group when the push before it is there."""
        try:
            with self.on_its_way:
                self.close(group)
                if not group.arrived.is_set():
                    group.length = self.send(*group.payloads)
                    group.error = None
        except Exception as error:
            group.error = error
        finally:  # who is interrupted, interrupts nobody else
            self.close(group)
            group.arrived.set()

    def close(self, group: Group) -> None:
        """Let nobody join a group any more."""
        with self.joining:
            if self.group is group:
                self.group = Group()


class RedisBackend(step7_retries.RedisBackend):
    """A queue in Redis that takes jobs, and acknowledges them, in batches.

    After a crash the batch of each consumer may be done again.
    """

    batch_lasts = 0.01  # seconds: a consumer fetches what it does in that time
    batch_most = 500  # jobs: or so many
    message = Message
    Processor: type[Any] = Processor
    Pool: type[Any] = Pool

    def __init__(self, connection: "redis.Redis | None" = None, **settings: Any) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, with the settings of step 5."""
        super().__init__(connection, **settings)
        self.begin()

    def begin(self) -> None:
        """Begin with locks that nobody holds."""
        self.turn = threading.Lock()  # whose thread waits for the server
        self.carrier = Carrier(self.send)

    def forked(self) -> None:
        """Be a copy: leave to its original what that does."""
        self.begin()

    def push(self, payload: bytes) -> int:
        """Add a payload at the left, with those of other threads. Return how many wait now; raise as `put`.

        Who comes while a push is on its way waits for that one, too.
        """
        return self.send(payload) if len(payload) > LARGE else self.carrier.push(payload)

    def send(self, *payloads: bytes) -> int:
        """Add payloads at the left. Return how many wait now."""
        return int(self.redis.lpush(self.key, *payloads))

    def consumer(self) -> Consumer:
        """Return a new consumer, for whoever asks."""
        return Consumer(self)

    def mine(self) -> step5_reliable_queue.Consumer:
        """Return the consumer of this thread, for who takes jobs by hand. It prefetches nothing: nobody closes it."""
        consumer: Any = super().mine()
        consumer.prefetches = False
        return consumer  # type: ignore[no-any-return]

    def consumers(self) -> list[Consumer]:
        """Return the consumers of this process that prefetch."""
        return [one for one in Consumer.living() if one.backend is self and one.prefetches]

    def fetch(self, in_flight: str, length: int, finished: int, most: int) -> list[bytes] | None:
        """Acknowledge the `finished` oldest jobs of a list, and move up to `most` there. Return those.

        Return None, and do nothing, when the list has another `length`.
        """
        fetched: list[bytes] | None = self.redis.eval(FETCH, 2, self.home(in_flight), in_flight, length, finished, most)
        return fetched

    def give_back_of(self, in_flight: str, length: int, count: int) -> int | None:
        """Give back the `count` newest jobs of a list. Return None, and do nothing, when it has another `length`."""
        home = self.home(in_flight)
        given: int | None = self.redis.eval(GIVE_BACK, 2, home, in_flight, count, "LEFT", "RIGHT", length)
        return given

    def close(self) -> None:
        """Acknowledge what is finished in this process, and give back what is not begun."""
        for consumer in self.consumers():
            consumer.tidy()

    def tidy(self) -> None:
        """Acknowledge what is finished in this process; give back what should have been begun long ago."""
        began = time.monotonic() - 10 * self.batch_lasts
        for consumer in self.consumers():
            consumer.tidy(began)

    def promote(self) -> None:
        """Tidy up, and move what is due to the queue."""
        self.tidy()  # first: there may be much to promote
        super().promote()

    def beat(self, *consumers: step5_reliable_queue.Consumer) -> None:
        """Say that the owners of `consumers` are alive. After too long a silence, others may have what they had."""
        silence = time.monotonic() - self.gone_after
        for consumer in consumers:
            if isinstance(consumer, Consumer) and consumer.prefetched and consumer.beaten < silence:
                consumer.doubt()
        super().beat(*consumers)

    def prefetched(self) -> list[bytes]:
        """Return what this process has taken and not begun."""
        return [payload for consumer in self.consumers() for payload in list(consumer.prefetched)]

    def count(self) -> list[int]:
        """Return how many jobs wait, those included that this process has prefetched, and how many are in flight."""
        for consumer in self.consumers():
            consumer.tidy(-math.inf)
        waiting, in_flight = super().count()
        prefetched = len(self.prefetched())
        return [waiting + prefetched, in_flight - prefetched]

    def qsize(self) -> int:
        """Return how many jobs wait, those included that this process has prefetched."""
        return super().qsize() + len(self.prefetched())

    def in_flight(self) -> list[step4_redis_queue.Message]:
        """Return the jobs that are in flight, without those that this process has prefetched."""
        for consumer in self.consumers():
            consumer.tidy(-math.inf)
        prefetched = Counter(self.prefetched())
        found = Counter(message.payload for message in super().in_flight())
        return [Message(payload) for payload in (found - prefetched).elements()]
