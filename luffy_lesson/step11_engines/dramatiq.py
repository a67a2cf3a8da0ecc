"""Dramatiq: jobs wait in Redis or in RabbitMQ.

What fails too often is kept among the dead for a week.
"""

import ssl
import sys
import time
from collections.abc import Callable
from typing import Any

import redis
from dramatiq import Message, Middleware, actor
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed, Retry
from dramatiq.middleware import CurrentMessage, Retries, TimeLimit
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from luffy_lesson import redis_client
from luffy_lesson.step10_process import Job, Worker
from luffy_lesson.step11_engines.engine import QUORUM, WEEK, EngineBackend, Poison


class Rabbitmq(RabbitmqBroker):  # type: ignore[misc]
    """A broker whose queue in RabbitMQ counts how often a job was given out."""

    def _declare_queue(self, queue_name: str) -> Any:
        arguments = self._build_queue_arguments(queue_name) | QUORUM
        return self.channel.queue_declare(queue=queue_name, durable=True, arguments=arguments)


class DramatiqBackend(EngineBackend):
    """Jobs wait in Redis or RabbitMQ, and Dramatiq performs them.

    A job that kills its process is dead after three times on Redis, and after twenty on RabbitMQ. On a RabbitMQ before
    3.12, no job may take longer than its `consumer_timeout`, by default half an hour: it would be begun again.
    Dramatiq's program can be started by hand. The file of the workers, `mail.py` say, ends with these lines; then the
    command is `dramatiq mail:broker`:

        Luffy.backend = DramatiqBackend("redis://localhost")
        broker = Luffy.backend.broker
    """

    engine = "Dramatiq"
    schemes = ("redis", "rediss", "amqp", "amqps")
    # Of a server that is silent, or has another's certificate, pika raises what is no AMQPError.
    away = (ConnectionClosed, redis.RedisError, AMQPError, AMQPConnectorException, ssl.SSLError)
    ready = "ready for action"
    longest = WEEK

    def __init__(self, url: str | None = None, heartbeat_timeout: float = 60) -> None:
        """Use the server at `url`; without one, that of `$REDIS_URL`.

        On Redis, a job whose program is gone is begun again after `heartbeat_timeout` seconds, or somewhat later. Raise
        ValueError when `url` is no address.
        """
        super().__init__(url, heartbeat_timeout=heartbeat_timeout)
        self.queue = "luffy.dramatiq"  # on a RabbitMQ, other engines may have theirs
        self.broker = self.rabbitmq() if self.url.startswith("amqp") else self.redis(heartbeat_timeout)
        for part in (Retries(), TimeLimit(time_limit=float("inf")), CurrentMessage(), Actors(self)):
            self.broker.add_middleware(part)

    def redis(self, heartbeat_timeout: float) -> RedisBroker:
        """Return a broker on Redis."""
        self.crashes = redis_client.connect(redis.Redis.from_url(self.url))
        return RedisBroker(
            client=self.crashes,
            middleware=[],
            namespace="luffy:dramatiq",
            heartbeat_timeout=int(heartbeat_timeout * 1000),
            maintenance_chance=1_000_000,  # of a million: else it looks 1000 times less often for what was left behind
        )

    def rabbitmq(self) -> Rabbitmq:
        """Return a broker on RabbitMQ."""
        broker = Rabbitmq(
            url=self.url,
            middleware=[],
            confirm_delivery=True,  # else a job that the server refuses is lost, and nobody is told
        )
        broker.parameters.socket_timeout = broker.parameters.stack_timeout = 2  # seconds
        return broker

    def function(self, name: str) -> Callable[..., None]:
        """Return what Dramatiq calls for a job of the worker `name`."""

        def perform(*args: Any) -> None:
            message: Any = CurrentMessage.get_current_message()
            tries = message.options.get("retries", 0)
            try:
                self.perform(name, args, message.message_id)
            except Exception as error:
                if tries >= self.worker(name).retries or isinstance(error, Poison):
                    raise  # Dramatiq logs it, and keeps it among the dead
                raise Retry(repr(error), delay=round(self.backoff(name, tries) * 1000)) from error

        return perform

    def register(self) -> None:
        """Make each worker an actor: Dramatiq performs no other."""
        options = {"queue_name": self.queue, "retry_when": lambda _, error: isinstance(error, Retry)}
        for name in Worker.registry:
            actor(self.function(name), broker=self.broker, actor_name=name, **options)

    def send(self, job: Job, due: float | None) -> None:
        """Give Dramatiq a job."""
        message: Any = Message(self.queue, job.worker.__name__, job.args, {}, {})
        self.broker.enqueue(message, delay=due and max(0, round((due - time.time()) * 1000)))

    def qsize(self) -> int:
        """Return how many jobs wait. What Dramatiq's program has taken, and what is not due, is not among them."""
        if self.url.startswith("amqp"):
            return int(self.broker.get_queue_message_counts(self.queue)[0])
        return int(self.broker.client.llen(f"{self.broker.namespace}:{self.queue}"))

    def close(self) -> None:
        """Close the connections to the server. The next job opens another."""
        self.broker.close()

    def names(self) -> dict[str, Any]:
        """Return what Dramatiq's program looks for: the broker."""
        return {"broker": self.broker}

    def command(self, count: int) -> list[str]:
        """Return Dramatiq's own command line: a process with `count` threads."""
        program = [sys.executable, "-m", "dramatiq", "luffy_lesson.step11_engines.program:broker"]
        return [*program, "--processes=1", f"--threads={count}"]


class Actors(Middleware):  # type: ignore[misc]
    """Makes actors of the workers when Dramatiq's program begins: all are defined by then."""

    def __init__(self, backend: DramatiqBackend) -> None:
        self.backend = backend

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        """Make them."""
        self.backend.register()
