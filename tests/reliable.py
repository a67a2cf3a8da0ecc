"""The steps that lose no job, for which tests run, and what a process that is gone leaves to them."""

import secrets
import time

import pytest

from luffy_lesson.host.steps import STEPS, step


def named(system):
    """The full name of a step's backend in Redis; None where it has none."""
    backend = getattr(system, "RedisBackend", None)
    return backend and f"{backend.__module__}.{backend.__qualname__}"


ON_REDIS = {number: step(number) for number in STEPS if f"{STEPS[number]}.RedisBackend" == named(step(number))}
"""The steps with a backend of their own in Redis. A later one that only hands it on adds nothing to what is tested."""
SYSTEMS = {number: system for number, system in ON_REDIS.items() if number >= 5}
HEARTBEATS = "luffy:queue:hearts"


def outermost(things):
    """Return parameters for things by name: those between the first one and the last have the mark `every_step`.

    The first step of several brings what a test is about, and the newest one has it from all the others.
    """
    names, mark = [*things], pytest.mark.every_step
    return [pytest.param(things[name], id=name, marks=[mark] * (name in names[1:-1])) for name in names]


def steps(first):
    """Run a test for the step `first` and each later one."""
    those = {f"step {number}": system for number, system in SYSTEMS.items() if number >= first}
    return pytest.mark.parametrize("system", outermost(those))


def leave_behind(raw, *payloads):
    """Write what a dead process leaves, as revision 8dfa0aa did: a list, and a heartbeat that is over."""
    key = f"luffy:queue:in_flight:{secrets.token_hex(12)}"
    raw.lpush(key, *payloads)
    raw.zadd(HEARTBEATS, {key: time.time() - 60})
    return key
