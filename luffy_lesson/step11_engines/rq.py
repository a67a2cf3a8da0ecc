"""RQ: jobs wait in Redis, and each is performed in a process of its own."""

import math
import multiprocessing
import os
import sys
from datetime import UTC, datetime
from typing import Any

import redis

from luffy_lesson import redis_client
from luffy_lesson.step10_process import Job, Luffy
from luffy_lesson.step11_engines.engine import EngineBackend

os.environ.setdefault("RQ_KEY_PREFIX", "luffy:rq")  # RQ looks for it once, when it is imported
import rq
import rq.defaults
import rq.job
import rq.serializers

QUEUE = "luffy"  # one: RQ saves what was just taken for workers of one queue only
READY = "RQ is ready."
COUNT = "--num-workers="
PROGRAM = "luffy_lesson.step11_engines.program"
OPTIONS = {
    "job_timeout": -1,  # else a job is ended after 180 seconds
    "result_ttl": 0,  # seconds: results are not kept
}
SETTINGS = {
    "worker_ttl": 45,  # seconds: 15 less, and a worker with nothing to do looks for what others have left behind
    "maintenance_interval": 25,  # seconds: else it looks every ten minutes
    "job_monitoring_interval": 5,  # seconds: 60 more, and a job whose worker is silent counts as left behind
}


class RegisteredJob(rq.job.Job):  # type: ignore[misc]
    """A job that calls a worker. Whatever else it names is not called."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Any:
        """What RQ calls."""
        return self.call

    def call(self, *args: Any) -> None:
        """Perform the worker of that name; raise what it does, LookupError when there is none."""
        backend: Any = Luffy.backend
        backend.perform(self.func_name, args, self.id)


class Queue(rq.Queue):  # type: ignore[misc]
    """A queue of such jobs, in JSON. A pool of RQ's workers forgets both when it looks for what was left behind."""

    def __init__(self, *args: Any, **options: Any) -> None:
        own = {"job_class": RegisteredJob, "serializer": rq.serializers.JSONSerializer}
        super().__init__(*args, **options | own)

    def acquire_maintenance_lock(self) -> bool:
        """Return whether to look for what was left behind. Who is killed meanwhile holds up others for a minute.

        Else it were 15.
        """
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=60))


class Worker(rq.Worker):  # type: ignore[misc]
    """A worker that looks often for what others have left behind."""

    ready = multiprocessing.get_context("fork").Value("i", 0)  # how many are: a pool forks them all from one process

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | SETTINGS)

    def _install_signal_handlers(self) -> None:
        """Be ready. The last one says so: one that is told to stop before may not hear it, and a pool tells it once."""
        super()._install_signal_handlers()
        count = next((argument.removeprefix(COUNT) for argument in sys.argv if argument.startswith(COUNT)), "1")
        with self.ready:
            self.ready.value += 1
            if self.ready.value == int(count):
                print(READY, flush=True)


class RQBackend(EngineBackend):
    """Jobs wait in Redis, and RQ performs them.

    RQ is told when to try again when a job is put there, in whole seconds: `backoff` is asked then, for all tries. A
    process that is killed uses up a try; a job with none left is dead then. The dead are in the sorted set
    `luffy:rq:failed:luffy`, for a year, and `rq requeue` sends them back. When the whole program was killed, what is
    scheduled or waits for another try has to wait a minute more, or two: so long the dead hold their scheduler's lock.

    Its program can be started by hand. The file of the workers, `mail.py` say, ends with the first two lines, and the
    rest is the command:

        Luffy.backend = RQBackend("redis://localhost")
        job_class, queue_class, worker_class = Luffy.backend.names().values()

        RQ_KEY_PREFIX=luffy:rq rq worker-pool luffy -n 5 -S json -u redis://localhost -j mail.job_class \
            -w mail.worker_class --queue-class mail.queue_class
    """

    engine = "RQ"
    away = (redis.ConnectionError, redis.TimeoutError)
    ready = READY

    def __init__(self, url: str | None = None) -> None:
        """Use the server at `url`; without one, that of `$REDIS_URL`. Raise ValueError when `url` is no address."""
        super().__init__(url)
        self.queue = Queue(QUEUE, connection=redis_client.connect(redis.Redis.from_url(self.url)))

    def send(self, job: Job, due: float | None) -> None:
        """Give RQ a job."""
        name = job.worker.__name__
        options: dict[str, Any] = {"args": job.args, "kwargs": {}, "retry": self.retry(name), **OPTIONS}
        if due is None:
            self.queue.enqueue(name, **options)
        else:
            whole = math.ceil(due)  # RQ leaves out the part of a second, and would be early
            self.queue.enqueue_at(datetime.fromtimestamp(whole, UTC), name, **options)

    def retry(self, name: str) -> rq.Retry | None:
        """Return how often to try again a job of the worker `name`, and after how many seconds each time."""
        retries = self.worker(name).retries
        seconds = [math.ceil(self.backoff(name, tries)) for tries in range(retries)]
        return rq.Retry(retries, seconds) if retries else None

    def close(self) -> None:
        """Close the connections to the server. The next job opens another."""
        self.queue.connection.connection_pool.disconnect()

    def qsize(self) -> int:
        """Return how many jobs wait. Raise redis.RedisError when the server fails."""
        return int(self.queue.count)

    def names(self) -> dict[str, Any]:
        """Return what RQ's program looks for: classes."""
        return {"job_class": RegisteredJob, "queue_class": Queue, "worker_class": Worker}

    def command(self, count: int) -> list[str]:
        """Return RQ's own command line, with `count` workers: one performs one job at a time."""
        classes = [part for name in self.names() for part in (f"--{name}".replace("_", "-"), f"{PROGRAM}.{name}")]
        pool = ["worker-pool", QUEUE, "--quiet", f"{COUNT}{count}", "--serializer=json"]
        return [sys.executable, "-m", "rq.cli", *pool, *classes]

    def environment(self) -> dict[str, str]:
        """Return the environment of RQ's program: it finds the address of the server there."""
        own = {"RQ_REDIS_URL": self.url, "RQ_KEY_PREFIX": rq.defaults.RQ_KEY_PREFIX}
        return super().environment() | own
