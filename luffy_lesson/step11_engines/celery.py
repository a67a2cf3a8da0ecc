"""Celery: jobs wait in Redis or in RabbitMQ.

What fails too often is dropped, and logged; on RabbitMQ it goes to the queue `luffy.celery.dead`.
"""

import functools
import logging
import os
import secrets
import ssl
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import redis
from billiard.common import terminate_handler_fired
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from kombu.transport import native_delayed_delivery as delayed

from luffy_lesson import redis_client
from luffy_lesson.step10_process import Job, Worker
from luffy_lesson.step11_engines.engine import QUORUM, EngineBackend, Poison

SETTINGS = {
    "task_acks_late": True,  # else a job is acknowledged before it is done, and lost with its process
    "task_reject_on_worker_lost": True,  # else one whose process was killed counts as done
    "task_acks_on_failure_or_timeout": False,  # what fails for good is refused: RabbitMQ keeps it among the dead
    "worker_prefetch_multiplier": 1,  # what was taken ahead would wait for a long job
    "task_ignore_result": True,  # nobody would fetch it
    "accept_content": ["json"],  # nothing else is read
    "task_publish_retry": False,  # who puts a job is told at once that the server is away
    "broker_connection_timeout": 2,  # seconds
    "broker_connection_retry_on_startup": True,
    "worker_log_format": "[%(processName)s] %(message)s",
    "worker_task_log_format": "[%(processName)s] %(message)s",
}
ON_REDIS = {
    "global_keyprefix": "luffy:",
    "unacked_restore_interval": 1,  # seconds: else it looks each hundred for what was left behind
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,  # seconds
    "socket_timeout": 5,  # seconds
}
ON_RABBITMQ = {
    "confirm_publish": True,  # else a job that the server refuses is lost, and nobody is told
}
DEAD = Queue("luffy.celery.dead", queue_arguments={"x-queue-type": "quorum"})
THEN_DEAD = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DEAD.name}


def without_traceback(record: logging.LogRecord) -> bool:
    """Let a line about a job be logged, without the traceback: it is of Celery's own files."""
    record.exc_info = None
    return True


class CeleryBackend(EngineBackend):
    """Jobs wait in Redis or RabbitMQ, and Celery performs them.

    On Redis, a job that takes longer than `visibility_timeout` is begun again beside the first. One that kills its
    process is given up after three times; on RabbitMQ it is dead after twenty. With RabbitMQ a job waits a whole second
    at least, if it is to wait.

    Its program can be started by hand. The file of the workers, `mail.py` say, ends with these lines; then the command
    is `celery -A mail worker`:

        Luffy.backend = CeleryBackend("redis://localhost")
        app = Luffy.backend.app
    """

    engine = "Celery"
    schemes = ("redis", "rediss", "amqp", "amqps")
    away = (OperationalError,)
    ready = " ready."

    def __init__(self, url: str | None = None, visibility_timeout: float = 3600, **settings: Any) -> None:
        """Use the server at `url`; without one, that of `$REDIS_URL`. `settings` of Celery's take the place of ours.

        On Redis, a job whose worker is gone with its machine is begun again after `visibility_timeout` seconds; so is
        one that takes longer than that. Raise ValueError when `url` is no address.
        """
        super().__init__(url, visibility_timeout=visibility_timeout, **settings)
        self.on_rabbitmq = self.url.startswith("amqp")
        self.name = "luffy.celery" if self.on_rabbitmq else "celery"  # of the queue; on Redis, a prefix comes before it
        self.longest = 2.0**28 if self.on_rabbitmq else visibility_timeout  # one due later would be done twice
        if not self.on_rabbitmq:  # where the queue counts
            self.crashes = redis_client.connect(redis.Redis.from_url(self.url))
        self.refuse_another_address()
        self.app = Celery("luffy", broker=self.url, set_as_current=False)
        self.app.conf.update(self.own_settings() | settings)
        on_redis = ON_REDIS | {"visibility_timeout": visibility_timeout}
        self.app.conf.broker_transport_options = ON_RABBITMQ if self.on_rabbitmq else on_redis
        self.app.on_after_finalize.connect(self.register, weak=False)

    def own_settings(self) -> dict[str, Any]:
        """Return the settings of Celery's that are ours."""
        queues = {"task_queues": [self.queue()], "task_default_queue": self.name}
        return SETTINGS | queues | {"broker_use_ssl": self.tls()}

    def tls(self) -> dict[str, Any] | None:
        """Return what to ask of a server with TLS; None for one without."""
        at = urlsplit(self.url)
        asked: dict[str, dict[str, Any]] = {
            "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED},  # else, when the address does not ask it, any will do
            "amqps": {"server_hostname": at.hostname},  # else the certificate of any name will do
        }
        return asked.get(at.scheme)

    def refuse_another_address(self) -> None:
        """Raise ValueError when the environment has one: Celery would take that."""
        for name in ("CELERY_BROKER_URL", "BROKER_URL"):
            if os.environ.get(name, self.url) != self.url:
                raise ValueError(f"${name} is another address, and Celery would take that: unset it.")

    def queue(self) -> Queue:
        """Return the queue where jobs wait."""
        if self.on_rabbitmq:
            exchange, told = Exchange(self.name, "topic"), QUORUM | THEN_DEAD
            return Queue(self.name, exchange, routing_key=self.name, queue_arguments=told)
        return Queue(self.name)

    def register(self, **_: Any) -> None:
        """Make each worker a task: Celery performs no other. It does so before its program looks for jobs."""
        for name in Worker.registry:
            self.app.task(self.task(name), name=name, bind=True, max_retries=self.worker(name).retries)

    def task(self, name: str) -> Callable[..., None]:
        """Return what Celery calls for a job of the worker `name`."""

        def perform(task: Any, *args: Any) -> None:
            try:
                self.perform(name, args, task.request.id)
            except Exception as error:
                if terminate_handler_fired():  # Celery itself has ended the job with SystemExit, to give it back
                    raise SystemExit from error
                if isinstance(error, Poison):
                    raise
                wait = self.backoff(name, task.request.retries)
                raise task.retry(exc=error, countdown=self.rounded(wait)) from error

        return perform

    def rounded(self, seconds: float) -> float:
        """Return how long a job is to wait: with RabbitMQ, Celery takes no part of a second."""
        return 1 if self.on_rabbitmq and 0 < seconds < 1 else seconds

    def send(self, job: Job, due: float | None) -> None:
        """Give Celery a job."""
        wait = max(0, due - time.time()) if due else 0
        if self.on_rabbitmq:
            self.declare()
        self.app.send_task(job.worker.__name__, job.args, countdown=self.rounded(wait))

    @functools.cache  # noqa: B019
    def declare(self) -> None:
        """Let RabbitMQ have the queues: a job for one that is not there would be lost."""
        with self.app.connection_for_write() as connection:
            DEAD(connection).declare()
            self.queue()(connection).declare()
            delayed.declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
            delayed.bind_queue_to_native_delayed_delivery_exchange(connection, self.queue())

    def qsize(self) -> int:
        """Return how many jobs wait. What a process of Celery has taken, and what is not due, is not among them."""
        with self.app.connection_for_read() as connection:
            if self.on_rabbitmq:
                return int(self.queue()(connection).queue_declare().message_count)
            return int(connection.default_channel.client.llen(self.name))

    def close(self) -> None:
        """Close the connections to the server. The next job opens another."""
        self.app.close()

    def names(self) -> dict[str, Any]:
        """Return what Celery's program looks for: the app."""
        logging.getLogger("celery.apps.worker").setLevel(logging.INFO)  # so that it says when it is ready
        logging.getLogger("celery.worker.request").addFilter(without_traceback)
        return {"app": self.app}

    def command(self, count: int) -> list[str]:
        """Return Celery's own command line, with `count` processes."""
        program = [sys.executable, "-m", "celery", "--quiet", "-A", "luffy_lesson.step11_engines.program"]
        alone = ["--without-mingle", "--without-gossip"]  # no words between workers: it starts at once
        name = f"--hostname={secrets.token_hex(4)}@%h"  # two of one name get each other's orders
        return [*program, "worker", f"--concurrency={count}", "--loglevel=WARNING", name, *alone]
