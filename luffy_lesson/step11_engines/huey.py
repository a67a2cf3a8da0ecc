"""Huey: jobs wait in Redis, and are performed by processes that live as long as it does."""

import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import huey
import huey.consumer
import huey.registry
import huey.serializer
import huey.storage
import redis

from luffy_lesson import redis_client
from luffy_lesson.step10_process import Job, Worker
from luffy_lesson.step11_engines.engine import EngineBackend

READY = "Huey is ready."
FIELDS = ("id", "name", "eta", "retries", "retry_delay", "args")  # of a job; all else has Huey's defaults


class Json(huey.serializer.Serializer):  # type: ignore[misc]
    """Writes jobs as JSON. Huey's own serializer reads what may call anything."""

    def _serialize(self, job: Any) -> bytes:
        return json.dumps({name: getattr(job, name) for name in FIELDS}, default=datetime.isoformat).encode()

    def _deserialize(self, data: bytes) -> Any:
        told = json.loads(data)
        eta = told["eta"] and datetime.fromisoformat(told["eta"])
        return huey.registry.Message(**{name: told[name] for name in FIELDS} | {"eta": eta, "kwargs": {}})


class Storage(huey.storage.RedisStorage):  # type: ignore[misc]
    """Huey's places in Redis, below `luffy:`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queue_key, self.schedule_key = "luffy:huey:queue", "luffy:huey:schedule"
        self.result_key, self.counter_key = "luffy:huey:results", "luffy:huey:counters"


class Consumer(huey.consumer.Consumer):  # type: ignore[misc]
    """Huey's program."""

    def start(self) -> None:
        """Get ready, and say so."""
        super().start()
        print(READY, flush=True)


class Huey(huey.Huey):  # type: ignore[misc]
    """Huey, with that program."""

    def create_consumer(self, **options: Any) -> Consumer:
        """Return the program."""
        return Consumer(self, **options)


class HueyBackend(EngineBackend):
    """Jobs wait in Redis, and Huey performs them.

    Huey takes a job out of Redis before it is done, whatever is set: one whose process is killed is lost, and so is one
    that nobody can read. It keeps no dead: the log says which job was given up.

    Its program can be started by hand. The file of the workers, `mail.py` say, ends with these lines; then the command
    is `huey_consumer mail.huey -k process -w 5`:

        Luffy.backend = HueyBackend("redis://localhost")
        huey = Luffy.backend.names()["huey"]
    """

    engine = "Huey"
    away = (redis.ConnectionError, redis.TimeoutError)
    ready = READY
    stops = signal.SIGINT  # at SIGTERM Huey loses the jobs in hand

    def __init__(self, url: str | None = None) -> None:
        """Use the server at `url`; without one, that of `$REDIS_URL`. Raise ValueError when `url` is no address."""
        super().__init__(url)
        pool = redis_client.connect(redis.Redis.from_url(self.url)).connection_pool
        self.huey = Huey("luffy", results=False, serializer=Json(), storage_class=Storage, connection_pool=pool)
        self.tasks = dict[str, Any]()  # by worker

    def task(self, name: str) -> Any:
        """Return Huey's class of the jobs of the worker `name`: it performs those of no other class."""
        if name not in self.tasks:
            self.tasks[name] = self.huey.task(name=name, context=True)(self.function(name)).task_class
        return self.tasks[name]

    def function(self, name: str) -> Callable[..., None]:
        """Return what Huey calls for a job of the worker `name`."""

        def perform(*args: Any, task: Any) -> None:
            try:
                self.perform(name, args, task.id)
            except Exception:
                left, task.retries = task.retries, 0  # it is over, should its worker not say when to try again
                task.retry_delay = self.backoff(name, self.worker(name).retries - left) if left else 0
                task.retries = left
                raise

        return perform

    def send(self, job: Job, due: float | None) -> None:
        """Give Huey a job."""
        name = job.worker.__name__
        eta = due and datetime.fromtimestamp(due, UTC).replace(tzinfo=None)
        self.huey.enqueue(self.task(name)(job.args, eta=eta, retries=self.worker(name).retries))

    def close(self) -> None:
        """Close the connections to the server. The next job opens another."""
        self.huey.storage.pool.disconnect()

    def qsize(self) -> int:
        """Return how many jobs wait. Raise redis.RedisError when the server fails."""
        return int(self.huey.pending_count())

    def names(self) -> dict[str, Any]:
        """Return what Huey's program looks for: itself, with all workers."""
        for name in Worker.registry:
            self.task(name)
        return {"huey": self.huey}

    def command(self, count: int) -> list[str]:
        """Return Huey's own command line, with `count` processes.

        Huey can have threads instead; then a job that kills its process takes all others with it.
        """
        program = [sys.executable, "-m", "huey.bin.huey_consumer", "luffy_lesson.step11_engines.program.huey"]
        # A process that has died is replaced after a second. Nothing is periodic.
        return [*program, "--quiet", f"--workers={count}", "--worker-type=process", "-c", "1", "--no-periodic"]
