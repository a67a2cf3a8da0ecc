"""The steps that lose no job, and what a process that is gone leaves to them."""

import secrets
import time

import pytest

from luffy_lesson import step5_reliable_queue, step6_schedule, step7_retries, step8_fast_queue

SYSTEMS = {5: step5_reliable_queue, 6: step6_schedule, 7: step7_retries, 8: step8_fast_queue}
HEARTBEATS = "luffy:queue:hearts"


def steps(first):
    """Run a test for the step `first` and each later one."""
    those = {f"step {number}": system for number, system in SYSTEMS.items() if number >= first}
    return pytest.mark.parametrize("system", those.values(), ids=those)


def leave_behind(raw, *payloads):
    """Write what a dead process leaves, as revision 8dfa0aa did: a list, and a heartbeat that is over."""
    key = f"luffy:queue:in_flight:{secrets.token_hex(12)}"
    raw.lpush(key, *payloads)
    raw.zadd(HEARTBEATS, {key: time.time() - 60})
    return key
