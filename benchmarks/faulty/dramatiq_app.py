"""Dramatiq: `dramatiq dramatiq_app`."""

import math
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from job import BROKER, PATIENCE, SAFEST, job

if BROKER.startswith("amqp"):
    broker: Any = RabbitmqBroker(url=BROKER, confirm_delivery=SAFEST)
elif SAFEST:  # a silent worker is gone after 10 s, not 60 s, and each command looks for such, not each thousandth
    broker = RedisBroker(url=BROKER, heartbeat_timeout=10_000, maintenance_chance=1_000_000)
else:
    broker = RedisBroker(url=BROKER)
dramatiq.set_broker(broker)

limit: dict[str, float] = {}
if SAFEST:
    limit = {"time_limit": math.inf}
elif PATIENCE:
    limit = {"time_limit": PATIENCE * 1000}  # 600 s
work = dramatiq.actor(job, actor_name="work", **limit)


def put(name: str, *arguments: Any, delay: float) -> None:
    """Put a job, due after a delay in seconds."""
    work.send_with_options(args=(name, *arguments), delay=delay * 1000 or None)
