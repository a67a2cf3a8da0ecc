"""Sidekiq: our jobs done by Ruby, and Ruby's jobs done by our processors.

`SidekiqBackend` is step 10's backend with Sidekiq's keys and Sidekiq's format. A queue `mail` is the list
`queue:mail`, whose name is in the set `queues`; what is later is in the sorted sets `schedule` and `retry`, what was
given up in `dead`. So both can take, promote and try again each other's jobs, and Sidekiq's web page shows all of them.
Below `luffy:` lies what Sidekiq does not know: our in-flight lists and heartbeats. A job that we have in hand survives
`kill -9`. One that Sidekiq has in hand does not: that is a part of Sidekiq Pro.
"""

import json
import math
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import redis

from luffy_lesson import redis_client, step4_redis_queue, step6_schedule, step8_fast_queue, step9_queues, step10_process
from luffy_lesson.step7_retries import CRASH, REQUEUE, Dead, Verdict, failure, whose
from luffy_lesson.step10_process import Job, ProcessInfo, Worker, fields

COUNT = step9_queues.COUNT.replace("'^(.*):in_flight:'", "'^luffy:(.*):in_flight:'")
WORDS = {b"TSTP": b"quiet", b"TERM": b"stop"}  # what the web page tells a process
NOTED = {"error_class", "error_message", "error_backtrace", "retry_count", "failed_at", "retried_at", "crashes"}
PAID = ("expires_in", "unique_for")  # what Sidekiq has in its paid editions only, in a way of its own


def written(told: dict[str, Any]) -> bytes:
    """Return the payload that says so."""
    return json.dumps(told).encode()


def note(payload: bytes, **notes: Any) -> bytes:
    """Return a payload with these notes; one that cannot be read as it is."""
    told = fields(payload)
    return written(told | notes) if told else payload


def seconds(stamp: Any) -> float | None:
    """Return a time in seconds since 1970: Sidekiq writes seconds, and from version 8 on whole milliseconds."""
    if not isinstance(stamp, int | float):
        return None
    return stamp / 1000 if stamp > 1e11 else stamp


class Message(step10_process.Message):
    """A job as Sidekiq writes it."""

    @classmethod
    def encode(cls, job: Job, **more: Any) -> "Message":
        """Make `job` fit to travel, with `more` fields. Raise TypeError as in step 4, and for text that no Ruby reads.

        That is text with half a character, such as "\\ud800".
        """
        super().encode(job)  # the rule for arguments, which is that of all steps
        worker: Any = job.worker
        try:
            json.dumps(job.args, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise TypeError(f"{worker.__name__}: Ruby cannot read this text ({error.reason})") from error
        told = {"class": worker.__name__, "args": job.args, "retry": getattr(worker, "retries", True)}
        return cls(written(told | {"jid": secrets.token_hex(12)} | more))

    def decode(self) -> Job:
        """Read the payload. Raise ValueError when it is no job, LookupError when its worker is not defined here."""
        match json.loads(step4_redis_queue.shallow(self.payload)):
            case {"class": str(name), "args": list(args)}:
                if name not in Worker.registry:
                    raise LookupError(f"no worker {name!r} here, only {sorted(Worker.registry)}")
                return Job(Worker.registry[name], tuple(args))
        raise ValueError('not a job like {"class": "VeryHeavyService", "args": [3]}')

    def read(self) -> tuple[type[Any], tuple[Any, ...]]:
        """Return the worker and its arguments; raise what `decode` does."""
        worker, args = self.decode()
        return worker, args


def most_retries(told: dict[str, Any], worker: Any) -> int:
    """Return how often a job is tried again: it may say so itself. `true` means as often as its worker says."""
    said = told.get("retry")
    return int(worker.retries) if said is None or isinstance(said, bool) else int(said)


class Lane(step10_process.Lane):
    """Through what somebody takes the jobs of one of Sidekiq's queues."""

    backend: "SidekiqBackend"

    def begin(self) -> None:
        """Begin a new list, such as `luffy:queue:default:in_flight:…`."""
        super().begin()
        self.key = f"luffy:{self.key}"

    def fail(self, message: step4_redis_queue.Message, error: BaseException) -> str:
        """Decide what becomes of the job in hand, which raised `error`, as in step 7. Return what to call it."""
        self.verdict = Verdict(None, self.backend.dead_set, 0)  # what makes no sense stays as it is
        name = str(message)
        try:
            name, worker = whose(message)
            why = failure(error, 0)
            told = self.backend.failed(fields(message.payload), why["error"], why["message"].partition(": ")[2])
            name = f"{name} (try {told['retry_count'] + 1} of {most_retries(told, worker) + 1})"
            self.verdict = self.decide(told | {"queue": told.get("retry_queue") or self.name}, worker)
        except BaseException as reason:
            name = f"{name} (dead: {reason!r})"
        return name

    def decide(self, told: dict[str, Any], worker: Any) -> Verdict | None:
        """Return what becomes of a job that failed, as it is told; None when it is forgotten, as it wishes.

        Raise ValueError when its worker does not say when to try again.
        """
        if told.get("retry") is False:
            return None
        count = told["retry_count"]
        if count >= most_retries(told, worker):
            return None if told.get("dead") is False else Verdict(written(told), self.backend.dead_set, 0)
        wait = float(worker.backoff(count))
        if not 0 <= wait < math.inf:
            raise ValueError(f"{worker.__name__}.backoff({count}) is {wait}, and not a number of seconds")
        return Verdict(written(told), self.backend.retry_set, wait)


class Consumer(step10_process.Consumer):
    """Through what somebody takes the jobs of several of Sidekiq's queues."""

    def __init__(self, backend: "SidekiqBackend") -> None:
        super().__init__(backend)
        self.lanes = [Lane(backend, name) for name in backend.queues]
        self.lane = self.lanes[0]


class SidekiqBackend(step10_process.RedisBackend):
    """Sidekiq's queues in Redis. Ruby may do the jobs that are put there, and its own are done by our processors.

    A worker has the same name in both languages; one within a module, as `Billing::Invoice`, has no such name here. As
    everywhere, only workers that are defined are ever called. A job says itself how often it is tried again (`retry`),
    and whether it is dead then. Not kept of Sidekiq's: `backtrace`, `retry_for`, and what belongs to its paid editions.
    """

    key = "luffy:sidekiq"  # below it lies what only our processors know
    message = Message
    scheduled_set, retry_set = "schedule", "retry"

    def __init__(self, connection: "redis.Redis | None" = None, *, version: int = 6, **settings: Any) -> None:
        """Use the server of `connection`, else that of `$REDIS_URL`, with the settings of step 9.

        `version` is Sidekiq's: from 8 on, times are whole milliseconds, its documentation says; we have tried 6.4. Both
        are read; a Sidekiq before 8 reads only its own.
        """
        self.version = version
        super().__init__(connection, **settings)
        self.dead_set, self.known = "dead", "queues"

    # Where things are

    def key_of(self, name: str) -> str:
        """Return the key of the queue `name`. Raise ValueError when no queue may be called so."""
        return f"queue:{step9_queues.queue_name(name)}"

    def name_of(self, key: str) -> str:
        """Return the name of the queue with this key, or with a key that begins like this."""
        return key.removeprefix("luffy:").removeprefix("queue:")

    def key_if_name(self, name: Any) -> str:
        """Return the key of the queue `name`, which may come from anybody: Ruby's queues have names of all kinds."""
        return f"queue:{name}" if isinstance(name, str) and name else self.key_of(step9_queues.DEFAULT)

    def goes_to(self, payload: bytes) -> str:
        """Return the key of the queue to which a job goes: it says so itself."""
        return self.key_if_name(fields(payload).get("queue"))

    def consumer(self) -> Any:
        """Return a new consumer, for whoever asks: of one queue, a lane will do."""
        return Consumer(self) if len(self.queues) > 1 else Lane(self, self.queues[0])

    def count(self) -> list[int]:
        """Return how many jobs wait in its queues, and how many our processors have in flight, as in step 9."""
        for consumer in self.consumers():
            consumer.tidy(-math.inf)
        waiting, in_flight = self.redis.eval(COUNT, 1 + len(self.queues), self.heartbeats, *self.keys())
        prefetched = len(self.prefetched())
        return [waiting + prefetched, in_flight - prefetched]

    def latencies(self) -> dict[str, float]:
        """Return for each queue how many seconds the job has waited that is taken next; 0 where none says so."""
        now = self.now()
        first = self.ask_each("LINDEX", -1)
        since = {name: seconds(fields(payload or b"").get("enqueued_at")) for name, payload in first.items()}
        return {name: max(0.0, now - (when or now)) for name, when in since.items()}

    # Jobs come

    def stamp(self) -> float:
        """Return the time as Sidekiq writes it."""
        return int(time.time() * 1000) if self.version >= 8 else time.time()

    def payload_of(self, job: Job | step4_redis_queue.Message, due: float = 0) -> bytes:
        """Return the payload of a job that comes to its queue now, or when it is due.

        Raise as in step 4, TypeError also for a worker that says what Sidekiq does not heed.
        """
        if not isinstance(job, Job):
            return job.payload
        worker: Any = job.worker
        for name in PAID:
            if value := getattr(worker, name, None):
                raise TypeError(f"{worker.__name__}.{name} is {value!r}, which Sidekiq does not heed: leave it out.")
        now = self.stamp()
        times = {"created_at": now} if due else {"created_at": now, "enqueued_at": now}
        return self.message.encode(job, queue=getattr(worker, "queue", step9_queues.DEFAULT), **times).payload

    def put(self, job: Job | step4_redis_queue.Message, /) -> int:
        """Add `job` to the queue of its worker. Return how many wait there now; raise as `payload_of` and in step 4."""
        return self.push(self.payload_of(job))

    def put_bulk(self, jobs: Iterable[Job]) -> int:
        """Add many jobs as in step 6, each to the queue of its worker. Return how many wait in those queues now."""
        groups = defaultdict[str, list[bytes]](list)
        for job in jobs:  # all of them, before the first is sent
            groups[self.key_of(getattr(job.worker, "queue", step9_queues.DEFAULT))].append(self.payload_of(job))
        for key, payloads in groups.items():
            for portion in step6_schedule.portions(payloads):
                self.send_to(key, *portion)
        return sum(self.redis.llen(key) for key in groups) or self.qsize()

    def schedule(self, job: Job | step4_redis_queue.Message, due: float) -> int:
        """Add `job` to what is scheduled, due at a time in seconds since 1970. Return, and raise, as in step 6."""
        payload = self.payload_of(job, due)
        with self.redis.pipeline() as both:
            return int(both.zadd(self.scheduled_set, {payload: due}).zcard(self.scheduled_set).execute()[1])

    def promote(self) -> None:
        """Tidy up, and move what is due to its queue. Raise redis.RedisError when the server fails."""
        self.tidy()
        for later in self.later:
            while due := self.redis.eval(step9_queues.DUE, 1, later, self.at_once):
                for payload in due:
                    self.move_to_queue(later, payload, payload)

    def move_to_queue(self, place: str, entry: bytes, payload: bytes) -> int:
        """Move a job from a sorted set to its queue. Return how many: 0 when it is not there any more."""
        key = self.goes_to(payload)
        self.make_known(key)
        new = note(payload, enqueued_at=self.stamp())
        return int(self.redis.eval(REQUEUE, 2, place, key, entry, new))

    # Jobs fail

    def checked(self, payload: bytes) -> step10_process.Message:
        """Return a job: it is one like any."""
        return self.message(payload)

    def failed(self, told: dict[str, Any], error: str, message: str) -> dict[str, Any]:
        """Return what is told of a job that has failed once more."""
        before = told.get("retry_count")
        count = before + 1 if isinstance(before, int) else 0
        when = "retried_at" if count else "failed_at"
        return told | {"error_class": error, "error_message": message, "retry_count": count, when: self.stamp()}

    def after_crash(self, payload: bytes) -> tuple[bytes, bool]:
        """Return a job that was left behind as it is kept from now on, and whether it is dead."""
        told = fields(payload)
        before = told.pop("crashes", 0)
        crashes = before + 1 if isinstance(before, int) else 1
        if not told:  # it cannot be counted how often
            return payload, True
        if crashes < self.most_crashes:
            return written(told | {"crashes": crashes}), False
        return written(self.failed(told, CRASH["error"], CRASH["message"])), True

    def set_aside(
        self, in_flight: str, payload: bytes, new: bytes, to: str, seconds: float = 0, until: Any = "+inf"
    ) -> bool:
        """Move a job to a sorted set, as in step 5: a job of Sidekiq's says itself to which queue it goes."""
        # Not as in step 9, which would note that in fields of its own.
        return step8_fast_queue.RedisBackend.set_aside(self, in_flight, payload, new, to, seconds, until)

    def dead(self, most: int = 0, first: int = 0) -> list[Dead]:
        """Return the dead jobs, as in step 7."""
        return [read_dead(one.entry) for one in super().dead(most, first)]

    def revive(self, entry: bytes, new: bytes) -> int:
        """Send `new` to the queue of a dead job. Return how many: 0 for no such."""
        return self.move_to_queue(self.dead_set, entry, new)

    # The web page

    def report(self, id: str, entry: bytes) -> bytes | None:
        """Write the entry of a pool, and show it to Sidekiq. Return what the pool was told, also by the web page."""
        told = super().report(id, entry)
        info: Any = ProcessInfo.read(id.encode(), entry)
        with self.redis.pipeline() as all_of_them:
            all_of_them.sadd("processes", id)
            all_of_them.hset(id, mapping=described(info))
            all_of_them.unlink(self.work(id))
            for one in info.busy:
                all_of_them.hset(self.work(id), one.processor, at_work(one))
            for key in (id, self.work(id)):
                all_of_them.expire(key, math.ceil(self.gone_after))
            all_of_them.rpop(f"{id}-signals")
            return WORDS.get(all_of_them.execute()[-1], told)

    def work(self, id: str) -> str:
        """Return the key of what a process has in hand."""
        return f"{id}:workers" if self.version < 7 else f"{id}:work"

    def leave(self, id: str) -> None:
        """Forget the entry of a pool."""
        super().leave(id)
        with self.redis.pipeline() as both:
            both.srem("processes", id).unlink(id, self.work(id)).execute()

    def __repr__(self) -> str:
        return f"<SidekiqBackend {redis_client.place(self.redis)}>"


def read_dead(entry: bytes) -> Dead:
    """Make sense of what is kept of a dead job: its job is as it was when it was put in the queue."""
    told = fields(entry)
    at = seconds(told.get("retried_at") or told.get("failed_at"))
    tries = told["retry_count"] + 1 if isinstance(told.get("retry_count"), int) else None
    why = {"error": str(told.get("error_class")), "message": str(told.get("error_message")), "at": at, "tries": tries}
    kept = {name: value for name, value in told.items() if name not in NOTED}
    return Dead(Message(written(kept) if kept else entry), why, entry)


def described(info: ProcessInfo) -> dict[str, Any]:
    """Return what Sidekiq's web page shows of a pool."""
    told = {
        "identity": info.id,
        "hostname": info.host,
        "pid": info.pid,
        "started_at": info.started,
        "concurrency": info.concurrency,
        "queues": list(info.queues),
        "labels": [],
        "tag": "luffy_lesson",
    }
    beat = {"busy": len(info.busy), "beat": time.time(), "quiet": str(info.quiet).lower()}
    return {"info": written(told), **beat}


def at_work(busy: step10_process.Busy) -> bytes:
    """Return what Sidekiq's web page shows of a job in hand."""
    told = fields(busy.job.payload)  # nothing where it was cut off
    payload = json.dumps(told)
    return written({"queue": str(told.get("queue")), "payload": payload, "run_at": int(busy.since)})
