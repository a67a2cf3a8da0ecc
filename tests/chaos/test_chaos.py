"""A short round of each fault, and of all together. A long one: `python tests/chaos/long_round.py --minutes 10`."""

import random

import pytest
from harness import FAULTS, HEADING, play

pytestmark = pytest.mark.chaos

HOW_MANY = {
    "kill": 10, "freeze": 2, "crash": 6, "network": 1, "refuse": 4, "full": 2, "fork": 5, "power": 3, "all": 1,
    "signal": 10,
}  # fmt: skip


@pytest.fixture
def seed(request):
    given = request.config.getoption("--chaos-seed", default=None)
    return random.randrange(10**6) if given is None else int(given)


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        *(("all", step) for step in ("9", "7", "10")),  # these take longest
        *((fault, "7") for fault in FAULTS if fault not in ("all", "signal")),
        *((fault, "9") for fault in ("kill", "crash", "network", "full", "fork", "signal")),
        *((fault, "10") for fault in ("kill", "crash", "signal")),
    ],
)
def test_no_acknowledged_job_is_lost(fault, step, seed, tmp_path):
    print(f"Again: python -m pytest tests/chaos -m chaos -k {fault}-{step} --chaos-seed {seed}")  # shown when it fails
    outcome = play(fault, seed, 400, HOW_MANY[fault], tmp_path, step)
    print(HEADING, outcome, sep="\n")
    assert outcome.problems() == []
    assert outcome.faults
    if fault in ("crash", "network", "refuse", "full", "fork", "signal"):
        assert outcome.faults["killed"] == 0, "a process ended, though only the server was in trouble"
