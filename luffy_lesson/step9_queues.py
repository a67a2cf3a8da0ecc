"""Step 9: several queues. A worker names its queue, and a backend says which queues it takes from: in which order, or
with which weights.

The queue of who names none is still the list `luffy:queue`; the queue `mail` is the list `luffy:queues:mail`. A
consumer has a *lane* for each queue, with an in-flight list of its own: its name says where its jobs go home to. All
queues share the scheduled, the retry and the dead set: there, the job says it. One script takes a batch from the first
queue that has jobs, in an order that is drawn anew each time, so weights cost no round trip. (The words and the draw
are those of Sidekiq; so is `unique_for`.)
"""

import contextlib
import functools
import hashlib
import json
import logging
import math
import queue
import random
import re
import selectors
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Self

import redis
from redis.exceptions import OutOfMemoryError

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step6_schedule, step7_retries, step8_fast_queue
from luffy_lesson.step4_redis_queue import patience, patiently
from luffy_lesson.step7_retries import REQUEUE
from luffy_lesson.step8_fast_queue import Backend, Dead, Job, Luffy, Message, Pool, Processor, fields, noted, say, tried

__all__ = [
    "Backend", "Consumer", "Dead", "Job", "Luffy", "Message", "Pool", "Processor", "RedisBackend", "Worker", "fields",
    "noted", "say", "tried",
]  # fmt: skip

logger = logging.getLogger(__name__)
DEFAULT = "default"  # the queue of who names none
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of a queue: no colon, so it leads to no other key
MOST = 1000  # queues, of which a backend tells the length
PATIENCE = 2.0  # seconds: an answer that takes longer is lost, and what was heard before says nothing now

# Acknowledge in each lane the jobs that were taken first, and fetch from the first queue that has jobs. A lane is two
# keys, its queue and its in-flight list, and three numbers: how many jobs the list has (-1: it does not matter), how
# many of them are finished, and how many to fetch at most. Returns the number of the lane and what was fetched, or the
# number of the first lane whose list has not the jobs that its owner believes (and has then done nothing).
FETCH = f"""{step8_fast_queue.BATCH}
for lane = 1, #KEYS / 2 do
  local length = tonumber(ARGV[3 * lane - 2])
  if length >= 0 and redis.call('LLEN', KEYS[2 * lane]) ~= length then return {{lane, false}} end
end
for lane = 1, #KEYS / 2 do redis.call('LTRIM', KEYS[2 * lane], 0, -1 - ARGV[3 * lane - 1]) end
for lane = 1, #KEYS / 2 do
  local fetched = batch(KEYS[2 * lane - 1], KEYS[2 * lane], tonumber(ARGV[3 * lane]))
  if #fetched > 0 then return {{lane, fetched}} end
end
return {{1, {{}}}}"""

# How many jobs are in the queues KEYS[2], KEYS[3] and so on, and in the in-flight lists of those.
COUNT = """
local waiting, in_flight, own = 0, 0, {}
for i = 2, #KEYS do
  waiting = waiting + redis.call('LLEN', KEYS[i])
  own[KEYS[i]] = true
end
for _, list in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if own[string.match(list, '^(.*):in_flight:')] then in_flight = in_flight + redis.call('LLEN', list) end
end
return {waiting, in_flight}"""

# What is due in a sorted set: ARGV[1] jobs at most, or a megabyte.
DUE = """
redis.call('ZREM', KEYS[1], '')
local now, found, bytes = redis.call('TIME'), {}, 0
for i = 0, ARGV[1] - 1 do
  local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now[1] + now[2] / 1e6, 'LIMIT', i, 1)[1]
  if not due or bytes > 2^20 then break end
  table.insert(found, due)
  bytes = bytes + #due
end
return found"""

# Add a job, with the command ARGV[3] to KEYS[2], unless KEYS[1] says that an equal one is there. From now on it does:
# that it is the job ARGV[1], for ARGV[2] milliseconds. Returns 0 when there was one.
ADD_UNIQUE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
return redis.call(ARGV[3], KEYS[2], unpack(ARGV, 4))"""

# Move a job from the dead to the queue, as in step 7; it is there, for ARGV[4] milliseconds, if no equal one is.
REVIVE = f"""
redis.call('ZREM', KEYS[1], '')
if ARGV[4] ~= '0' and redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('SET', KEYS[3], ARGV[3], 'NX', 'PX', ARGV[4])
end
{REQUEUE}"""

# Count a job that has waited too long, in KEYS[2].
EXPIRED = """
redis.call('ZREM', KEYS[1], '')
return redis.call('INCR', KEYS[2])"""

# Let an equal job come, if KEYS[1] says that the job ARGV[1] is there.
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end"


def queue_name(name: Any) -> str:
    """Return `name`. Raise ValueError when no queue may be called so."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"A queue has a name of letters, digits, _ and -, 64 at most, and not {name!r}.")
    return name


def names_and_weights(queues: Any) -> tuple[tuple[str, ...], dict[str, float] | None]:
    """Return the names of `queues`, and their weights; None where the order counts.

    Raise TypeError when it is neither a list nor a dictionary, ValueError for a bad name or weight, or for no queue.
    """
    if not isinstance(queues, list | tuple | Mapping):  # a set has no order
        raise TypeError(f'queues has to be a list like ["high", "low"], or like {{"high": 3, "low": 1}}: {queues!r}')
    names = tuple(map(queue_name, queues))
    if not names or len(set(names)) < len(names):
        raise ValueError(f"A backend takes from one queue or more, each named once, and not from {queues!r}.")
    weights = dict(queues) if isinstance(queues, Mapping) else None
    for name, weight in (weights or {}).items():
        if not isinstance(weight, int | float) or not 0 < weight < step6_schedule.ENDLESS:
            raise ValueError(f"The weight of the queue {name!r} has to be a number above 0, and not {weight!r}.")
    return names, weights


class Worker(step8_fast_queue.Worker):
    """A worker whose jobs wait in a queue of its choice."""

    queue = DEFAULT
    expires_in: float | None = None  # seconds: a job that has waited longer is not performed
    unique_for: float | None = None  # seconds, at most: while there is a job, an equal one is not added

    def __init_subclass__(cls, **kwargs: Any) -> None:
        queue_name(cls.queue)
        for name in ("expires_in", "unique_for"):
            value = getattr(cls, name)
            if value is not None and not (isinstance(value, int | float) and 0.001 <= value < step6_schedule.ENDLESS):
                raise ValueError(f"{cls.__name__}.{name} has to be a number of seconds, or None, and not {value!r}.")
        super().__init_subclass__(**kwargs)


def terms(worker: Any, since: float) -> dict[str, Any]:
    """Return what the payload of a job says of its queue and its time there; one of an earlier step says nothing.

    Raise ValueError when its queue may not be called so.
    """
    said: dict[str, Any] = {"enqueued_at": round(since, 3)}
    if getattr(worker, "queue", DEFAULT) != DEFAULT:
        said["queue"] = queue_name(worker.queue)
    if seconds := getattr(worker, "expires_in", None):
        said["expires_at"] = since + seconds
    if seconds := getattr(worker, "unique_for", None):
        said["unique_for"] = seconds
    return said


def seconds_in(payload: bytes, name: str) -> float | None:
    """Return the number of seconds that a job says in the field `name`; None where it says none, or no such number."""
    if name.encode() in payload:  # most say none, and need not be read
        value = fields(payload).get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < step6_schedule.ENDLESS:
            return value
    return None


def lanes_of(consumer: Any) -> list[Any]:
    """Return the lanes of a consumer, which may be one itself."""
    return getattr(consumer, "lanes", [consumer])


def special(text: bytes) -> bool:
    """Return whether a payload, or one of many, says what only some jobs do, and has to be heeded."""
    return b'"expires_at"' in text or b'"unique_for"' in text  # a pattern takes three times as long


class Late(Message):
    """A job that has waited too long to be of use."""

    backend: "RedisBackend"

    def perform(self) -> None:
        """Count it, instead of doing it. It is over, so an equal one may come."""
        self.backend.redis.eval(EXPIRED, 2, self.backend.heartbeats, self.backend.expired_key)
        self.backend.release(self.payload)


class Only(Message):
    """A job that is the only one of its kind."""

    backend: "RedisBackend"

    def perform(self) -> Any:
        """Do the job, as in step 8. When it is done, an equal one may come."""
        result = super().perform()
        self.backend.release(self.payload)
        return result


class Lane(step8_fast_queue.Consumer):
    """Through what somebody takes the jobs of one queue."""

    backend: "RedisBackend"

    def __init__(self, backend: "RedisBackend", name: str) -> None:
        self.name = name
        super().__init__(backend)

    def begin(self) -> None:
        """Begin a new list, whose name begins with the key of the queue."""
        super().begin()
        self.key = self.key.replace(self.backend.key, self.backend.key_of(self.name), 1)
        self.message = self.checked
        self.most = 1  # how many jobs to fetch

    def fetched(self, finished: int, payloads: list[bytes]) -> None:
        """Note what a fetch has done, as in step 8, and whether each of these jobs has to be looked at."""
        super().fetched(finished, payloads)
        if payloads:
            self.message = self.checked if special(b"".join(payloads)) else self.backend.message

    def take_one(self, seconds: float) -> bytes | None:
        """Take one job, as in step 5."""
        self.message = self.checked
        return super().take_one(seconds)

    def checked(self, payload: bytes) -> step4_redis_queue.Message:
        """Return a job as what it is: one that is late, the only one of its kind, or one like any."""
        with self:
            return self.backend.checked(payload) if special(payload) else self.backend.message(payload)

    def numbers(self) -> tuple[int, int, int]:
        """Return what `FETCH` is told of this lane. By hand, nothing is acknowledged by count."""
        return self.length if self.prefetches else -1, self.done - self.acknowledged, self.most

    def plan(self) -> None:
        """Decide how many jobs to fetch next time."""
        self.most = self.next_batch() if self.batch and self.prefetches else 1


class Consumer(step5_reliable_queue.Owned):
    """Through what somebody takes the jobs of several queues: a lane for each."""

    def __init__(self, backend: "RedisBackend") -> None:
        self.backend = backend
        self.lanes = [Lane(backend, name) for name in backend.queues]
        self.lane = self.lanes[0]  # the one that has fetched last
        self.taken = deque[Lane]()  # through which the jobs came that are not acknowledged, the oldest first
        self.copied = False
        super().__init__()

    def forked(self) -> None:
        """Leave to its original what that has taken."""
        self.copied = True
        self.taken.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        for lane in self.lanes:
            lane.__exit__(*error)

    @property
    def prefetched(self) -> deque[bytes]:
        """What was taken and is not begun."""
        return self.lane.prefetched

    def get(self, block: bool = True, timeout: float | None = None) -> step4_redis_queue.Message:
        """Take the oldest job of a queue; wait, and raise, as in step 8."""
        if self.lane.prefetched:
            message: Any = self.lane.get(False)
        else:
            message = patiently(self.take, patience(block, timeout))
        if message is None:
            raise queue.Empty
        self.taken.append(self.lane)
        return message  # type: ignore[no-any-return]

    def take(self, seconds: float) -> Any:
        """Take the first job of a new batch; wait for one for `seconds`, at most 0.5. Return None when none came."""
        # Who prefetches has just been told that there is none; who takes by hand has not.
        if not ((self.lane.batch or not self.lane.prefetches) and self.fetch()):
            self.backend.tidy()
            if (seconds and not self.backend.wait(seconds)) or not self.fetch():
                return None
        with contextlib.suppress(queue.Empty):  # all just given back
            return self.lane.get(block=False)

    def fetch(self) -> int:
        """Acknowledge what is finished, and fetch a batch from the first queue that has jobs. Return how many came."""
        with contextlib.ExitStack() as stack:
            for lane in self.lanes:
                stack.enter_context(lane.lock)
            self.settle()
            self.lane.plan()
            for lane in self.lanes:
                stack.enter_context(lane)
            return self.note(*self.backend.fetch_first(self.lanes))

    def settle(self) -> None:
        """Make sure that the lists may be used, as in step 8. What is unsure of one of them is unsure of all."""
        if any(lane.unsure for lane in self.lanes):
            self.taken.clear()
            for lane in self.lanes:
                lane.doubt()
        for lane in self.lanes:
            lane.settle()

    def note(self, lane: Lane, payloads: list[bytes] | None) -> int:
        """Note what a fetch has done: what is finished is acknowledged, and this was fetched. Return how many came."""
        if payloads is None:
            lane.was_taken_for_gone()
            return 0
        for one in self.lanes:
            one.fetched(one.done - one.acknowledged, payloads if one is lane else [])
            one.most = one.most if payloads else 1  # after a pause, all begin with one
        self.lane = lane
        lane.batch, lane.since = len(payloads), time.monotonic()
        return lane.batch

    def fail(self, message: step4_redis_queue.Message, error: BaseException) -> str:
        """Decide what becomes of the job in hand, which raised `error`, as in step 7."""
        lane = self.taken[0] if self.taken else self.lane  # a copy has taken nothing
        return lane.fail(message, error)

    def task_done(self) -> None:
        """Acknowledge the job that was taken first. Raise ValueError when there is none, as `queue.Queue` does."""
        if self.taken:
            self.taken.popleft().task_done()
        elif not self.copied:
            raise ValueError("task_done() called too many times")

    def tidy(self) -> None:
        """Acknowledge what is finished, and give back what is not begun."""
        for lane in self.lanes:
            lane.tidy()

    def close(self) -> None:
        """Acknowledge what is finished, give back the rest, and let the server forget the lists."""
        for lane in self.lanes:
            lane.close()


class Listener:
    """Waits until one of several queues has jobs: on a connection for each. One thread at a time does."""

    def __init__(self, connections: redis.ConnectionPool, queues: list[str]) -> None:
        """Listen to the queues with these keys. Nothing is sent yet."""
        self.connections = connections
        self.queues = queues
        self.asked = dict[str, tuple[Any, float]]()  # where and when the server was asked, by queue

    def wait(self, seconds: float) -> bool:
        """Wait for `seconds` at most. Return whether one of the queues has had jobs. Raise redis.RedisError."""
        deadline = time.monotonic() + seconds
        try:
            while seconds > 0:
                if self.heard(min(seconds, 0.5)):  # then it is seen who never answers
                    return True
                seconds = deadline - time.monotonic()
            return False
        except redis.ResponseError:  # the other queues are still listened to
            raise
        except BaseException:
            self.close()
            raise

    def heard(self, seconds: float) -> bool:
        """Return whether the server says that one of the queues has had jobs."""
        with selectors.DefaultSelector() as selector:
            for name in self.queues:
                selector.register(self.ask(name)._sock, selectors.EVENT_READ, name)
            heard = False
            for key, _ in selector.select(seconds):
                heard |= self.answer(key.data) is not None
            return heard

    def ask(self, name: str) -> Any:
        """Ask the server when a queue has jobs, if it has not been asked just now. Return the connection."""
        connection, when = self.asked.get(name, (None, -math.inf))
        if when < time.monotonic() - PATIENCE:
            self.hang_up(name)
            connection = self.connections.get_connection()
            self.asked[name] = connection, time.monotonic()
            # To its own end: that changes nothing, but waits until there is something to move.
            connection.send_command("BLMOVE", name, name, "RIGHT", "RIGHT", 0.5)  # type: ignore[no-untyped-call]
        return connection

    def answer(self, name: str) -> Any:
        """Return what the server says of a queue: its next job, or None when there was none for half a second."""
        connection, _ = self.asked[name]
        if not connection.can_read(0):  # a note of TLS, perhaps
            return None
        try:
            return connection.read_response()
        finally:  # a refusal is an answer, too; after another error, it is connected no more
            del self.asked[name]
            self.connections.release(connection)

    def hang_up(self, name: str) -> None:
        """Do without the answer, if the server was asked."""
        if name in self.asked:
            connection, _ = self.asked.pop(name)
            connection.disconnect()
            self.connections.release(connection)

    def close(self) -> None:
        """Listen no more."""
        for name in self.queues:
            self.hang_up(name)


class RedisBackend(step8_fast_queue.RedisBackend):
    """Queues in Redis. It takes jobs from its own, and puts a job in the one that its worker names."""

    _needs = f"{step8_fast_queue.RedisBackend._needs} SET GET UNLINK INCR SADD SMEMBERS"
    only: type[Message] = Only

    def __init__(self, connection: "redis.Redis | None" = None, *, queues: Any = (DEFAULT,), **settings: Any) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, with the settings of step 5.

        Take jobs from the first of `queues` that has some; from a dictionary of queues and their weights in an order
        that is drawn anew each time: who weighs three times as much is first three times as often.
        """
        self.queues, self.weights = names_and_weights(queues)
        super().__init__(connection, **settings)
        self.known = f"{self.key}s"  # the set of the names of queues
        self.made_known = defaultdict[str, float](lambda: -math.inf)
        self.expired_key = f"{self.key}:expired"

    def begin(self) -> None:
        """Begin with locks that nobody holds, and connections that nobody has."""
        super().begin()
        self.carriers = {self.key: self.carrier}
        self.listener = Listener(self.redis.connection_pool, self.keys())

    def key_of(self, name: str) -> str:
        """Return the key of the queue `name`. Raise ValueError when no queue may be called so."""
        return self.key if name == DEFAULT else f"{self.key}s:{queue_name(name)}"

    def name_of(self, key: str) -> str:
        """Return the name of the queue with this key."""
        return DEFAULT if key == self.key else key.removeprefix(f"{self.key}s:")

    def keys(self) -> list[str]:
        """Return the keys of the queues from which it takes."""
        return [self.key_of(name) for name in self.queues]

    def home(self, in_flight: str | bytes) -> str:
        """Return the key of the queue to which the jobs of a list go back: the name of the list says it."""
        text = in_flight if isinstance(in_flight, str) else in_flight.decode(errors="replace")
        return self.key_if_name(self.name_of(text.rpartition(":in_flight:")[0]))

    def goes_to(self, payload: bytes) -> str:
        """Return the key of the queue to which a job goes: it says so itself."""
        return self.key_if_name(fields(payload).get("queue")) if b'"queue"' in payload else self.key

    def key_if_name(self, name: Any) -> str:
        """Return the key of the queue `name`, which may come from anybody: what is no name means the default queue."""
        return self.key_of(name) if isinstance(name, str) and NAME.fullmatch(name) else self.key

    def put(self, job: Job | step4_redis_queue.Message, /) -> int:
        """Add `job` to the queue of its worker. Return how many wait there now; 0 when there is an equal one.

        Raise as in step 4.
        """
        payload = self.payload_of(job)
        if seconds := seconds_in(payload, "unique_for"):
            return self.add_unique(payload, seconds, "LPUSH", self.goes_to(payload))
        return self.push(payload)

    def payload_of(self, job: Job | step4_redis_queue.Message, due: float = 0) -> bytes:
        """Return the payload of a job that comes to its queue now, or when it is due. Raise as in step 4."""
        if not isinstance(job, Job):
            return job.payload
        # What expires does so by the clock of the server.
        now = self.now() if getattr(job.worker, "expires_in", None) else time.time()
        return self.message.encode(job, **terms(job.worker, max(due, now))).payload

    def push(self, payload: bytes) -> int:
        """Add a payload to its queue, with those of other threads. Return how many wait there now; raise as `put`."""
        key = self.goes_to(payload)
        if len(payload) > step8_fast_queue.LARGE:
            return self.send_to(key, payload)
        if key not in self.carriers:
            self.carriers.setdefault(key, step8_fast_queue.Carrier(functools.partial(self.send_to, key)))
        return self.carriers[key].push(payload)

    def send_to(self, key: str, *payloads: bytes) -> int:
        """Add payloads to the queue `key`. Return how many wait there now."""
        self.make_known(key)
        return int(self.redis.lpush(key, *payloads))

    def make_known(self, key: str) -> None:
        """Let others know that there is the queue `key`: once a minute, for somebody may have deleted everything."""
        now = time.monotonic()
        if key != self.key and self.made_known[key] < now - 60:
            with contextlib.suppress(OutOfMemoryError):  # a full server moves jobs all the same
                self.redis.sadd(self.known, self.name_of(key))
                self.made_known[key] = now

    def add_unique(self, payload: bytes, seconds: float, command: str, key: str, *more: Any) -> int:
        """Add a job with a command of the server, unless there is an equal one. Return what that says, or 0.

        An equal one is not added for so many seconds.
        """
        self.make_known(self.goes_to(payload))
        unique, number = self.unique(payload)
        milliseconds = math.ceil(1000 * seconds)
        return int(self.redis.eval(ADD_UNIQUE, 2, unique, key, number, milliseconds, command, *more, payload))

    def unique(self, payload: bytes) -> tuple[str, str]:
        """Return the key that says which job there is with the worker and the arguments of this one, and its id."""
        told = fields(payload)
        text = json.dumps([told.get("worker"), told.get("args")], sort_keys=True)
        return f"{self.key}:unique:{hashlib.sha256(text.encode()).hexdigest()}", json.dumps(told.get("id"))

    def release(self, payload: bytes) -> None:
        """Let an equal job come, for this one is over. Should the server fail, that has to wait for `unique_for`."""
        if seconds_in(payload, "unique_for"):
            try:
                self.redis.eval(RELEASE, 1, *self.unique(payload))
            except redis.RedisError as error:
                logger.warning("%r: %s (an equal job has to wait)", self, str(error) or repr(error))

    def put_bulk(self, jobs: Iterable[Job]) -> int:
        """Add many jobs as in step 6, each to the queue of its worker. Return how many wait in those queues now."""
        said = dict[Any, tuple[bytes, list[bytes]]]()  # what to add to a payload, and its group, by worker
        groups = defaultdict[Any, list[bytes]](list)  # by queue, and for how long they are unique
        for job in jobs:  # all of them, before the first is sent
            if job.worker not in said:
                more = terms(job.worker, self.now())
                group = groups[more.get("queue", DEFAULT), more.get("unique_for")]
                said[job.worker] = b"," + json.dumps(more).encode()[1:], group
            end, group = said[job.worker]
            group.append(self.message.encode(job).payload[:-1] + end)  # in the place of its last bracket
        for (name, seconds), payloads in groups.items():
            self.send_all(self.key_of(name), seconds, payloads)
        return sum(self.redis.llen(self.key_of(name)) for name in {name for name, _ in groups}) or self.qsize()

    def send_all(self, key: str, seconds: float | None, payloads: list[bytes]) -> None:
        """Add payloads to the queue `key`, a thousand or a megabyte a round trip; those of unique jobs one by one."""
        if seconds:
            for payload in payloads:
                self.add_unique(payload, seconds, "LPUSH", key)
        else:
            for portion in step6_schedule.portions(payloads):
                self.send_to(key, *portion)

    def schedule(self, job: Job | step4_redis_queue.Message, due: float) -> int:
        """Add `job` to the scheduled set, unless there is an equal one. Return, and raise, as in step 6."""
        payload = self.payload_of(job, due)
        seconds = seconds_in(payload, "unique_for")
        if not seconds:
            return super().schedule(self.message(payload), due)
        self.add_unique(payload, seconds + max(0, due - self.now()), "ZADD", self.scheduled_set, due)
        return int(self.redis.zcard(self.scheduled_set))

    def consumer(self) -> Any:
        """Return a new consumer, for whoever asks: of one queue, a lane will do."""
        return Consumer(self) if len(self.queues) > 1 else Lane(self, self.queues[0])

    def mine(self) -> Any:
        """Return the consumer of this thread, for who takes jobs by hand. It prefetches nothing."""
        consumer: Any = super().mine()
        for lane in lanes_of(consumer):
            lane.prefetches = False
        return consumer

    def fetch_first(self, lanes: list[Lane]) -> tuple[Lane, list[bytes] | None]:
        """Acknowledge what is finished in `lanes`, and fetch jobs from the first that has some, in an order of its own.

        Return the lane and what it has got; None when its list has another length, and nothing was done.
        """
        drawn = self.drawn(lanes)
        keys = [key for lane in drawn for key in (self.home(lane.key), lane.key)]
        numbers = [number for lane in drawn for number in lane.numbers()]
        place, fetched = self.redis.eval(FETCH, len(keys), *keys, *numbers)
        return drawn[place - 1], fetched

    def drawn(self, lanes: list[Lane]) -> list[Lane]:
        """Return `lanes` in the order in which to look for jobs."""
        weights = self.weights
        if weights is None:
            return lanes
        # The least of such random numbers is each one's in proportion to its weight.
        return sorted(lanes, key=lambda lane: random.expovariate(weights[lane.name]))

    def wait(self, seconds: float) -> bool:
        """Wait for `seconds` at most. Return whether there may be jobs in one of its queues.

        The first one ends it at once, whoever puts it there; where the server's answer is lost, after two seconds more.
        """
        until = time.monotonic() + seconds
        with self.turn:
            return self.hear(until - time.monotonic())

    def hear(self, seconds: float) -> bool:
        """Wait for so many seconds. Return what `wait` does; after a moment where a full server refuses to wait."""
        try:
            return self.listener.wait(seconds)
        except OutOfMemoryError:
            time.sleep(max(0, min(seconds, 0.05)))
            return True

    def checked(self, payload: bytes) -> Message:
        """Return a job as what it is: one that is late, the only one of its kind, or one like any."""
        end = seconds_in(payload, "expires_at")
        late = end is not None and end < self.now()
        kind = Late if late else self.only if seconds_in(payload, "unique_for") else self.message
        message: Any = kind(payload)
        message.backend = self
        return message  # type: ignore[no-any-return]

    def beat(self, *consumers: Any) -> None:
        """Say that the owners of `consumers` are alive, as in step 8."""
        super().beat(*[lane for consumer in consumers for lane in lanes_of(consumer)])

    def set_aside(
        self, in_flight: str, payload: bytes, new: bytes, to: str, seconds: float = 0, until: Any = "+inf"
    ) -> bool:
        """Move a job to a sorted set, as in step 5, where it says to which queue it goes, and since when it waits."""
        home = self.home(in_flight)
        notes: dict[str, Any] = {} if self.goes_to(new) == home else {"queue": self.name_of(home)}
        if to != self.dead_set:
            notes["enqueued_at"] = time.time() + seconds
        moved = super().set_aside(in_flight, payload, noted(new, **notes) if notes else new, to, seconds, until)
        if moved and to == self.dead_set:
            self.release(payload)
        return moved

    def bury(self, in_flight: str, payload: bytes, until: Any = "+inf") -> bool:
        """Move a job to the dead as it is, as in step 5."""
        moved = super().bury(in_flight, payload, until)
        if moved:
            self.release(payload)
        return moved

    def promote(self) -> None:
        """Tidy up, and move what is due to its queue. Raise redis.RedisError when the server fails."""
        self.tidy()
        for later in self.later:
            while due := self.redis.eval(DUE, 1, later, self.at_once):
                with self.redis.pipeline(transaction=False) as all_of_them:
                    for payload in due:
                        key = self.goes_to(payload)
                        self.make_known(key)
                        all_of_them.eval(REQUEUE, 2, later, key, payload, payload)
                    all_of_them.execute()

    def requeue(self, *dead: Dead) -> int:
        """Send dead jobs back to their queues, as in step 7. They do not expire any more."""
        step7_retries.check(dead)
        return sum(self.revive(one.entry, one.job.payload) for one in dead)

    def revive(self, entry: bytes, new: bytes) -> int:
        """Send `new` to the queue of a dead job. It may be one of two equal ones. Return how many: 0 for no such."""
        if b'"enqueued_at"' in new or b'"expires_at"' in new:
            new = noted(new, enqueued_at=time.time(), expires_at=None)
        key = self.goes_to(entry)
        self.make_known(key)
        unique, number = self.unique(new)
        milliseconds = math.ceil(1000 * (seconds_in(new, "unique_for") or 0))
        return int(self.redis.eval(REVIVE, 3, self.dead_set, key, unique, entry, new, number, milliseconds))

    def count(self) -> list[int]:
        """Return how many jobs wait in its queues, those included that this process has prefetched; and in flight."""
        for consumer in self.consumers():
            consumer.tidy(-math.inf)
        waiting, in_flight = self.redis.eval(COUNT, 1 + len(self.queues), self.heartbeats, *self.keys())
        prefetched = len(self.prefetched())
        return [waiting + prefetched, in_flight - prefetched]

    def qsize(self) -> int:
        """Return how many jobs wait in its queues, those included that this process has prefetched."""
        return sum(int(self.redis.llen(key)) for key in self.keys()) + len(self.prefetched())

    def expired(self) -> int:
        """Return how many jobs were not performed since they had waited too long."""
        return int(self.redis.get(self.expired_key) or 0)

    def lengths(self) -> dict[str, int]:
        """Return how many jobs wait in each queue: its own, and all others that jobs were put in, by name."""
        return self.ask_each("LLEN")

    def latencies(self) -> dict[str, float]:
        """Return for each queue how many seconds the job has waited that is taken next; 0 where none says so."""
        now = self.now()
        first = self.ask_each("LINDEX", -1)
        since = {name: seconds_in(payload or b"", "enqueued_at") for name, payload in first.items()}
        return {name: max(0.0, now - (when or now)) for name, when in since.items()}

    def ask_each(self, command: str, *more: Any) -> dict[str, Any]:
        """Return what the server says to a command about each queue, by name."""
        names = self.names()
        with self.redis.pipeline(transaction=False) as all_of_them:
            for name in names:
                all_of_them.execute_command(command, self.key_of(name), *more)
            return dict(zip(names, all_of_them.execute(), strict=True))

    def names(self) -> list[str]:
        """Return the names of its queues, of the default one, and of all others that jobs were put in."""
        known = {name.decode(errors="replace") for name in self.redis.smembers(self.known)}
        others = sorted(filter(NAME.fullmatch, (known | {DEFAULT}) - set(self.queues)))
        return [*self.queues, *others][:MOST]
