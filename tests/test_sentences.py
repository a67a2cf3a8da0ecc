"""What nobody can mean is refused in a sentence that says what is wanted."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from reliable import leave_behind, steps

from luffy_lesson.step3_memory_queue import Luffy, Worker

pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def note(registry):
    def make(system):
        class Note(system.Worker):
            retries = 1

            def perform(self, *args):
                pass

        return Note

    return make


@steps(8)
@pytest.mark.parametrize(
    "delay", ["60", None, 10**400, -1, float("nan"), float("inf"), timedelta(-1), 1j, [60]], ids=str
)
def test_a_delay_that_is_none_is_refused(system, delay, note, raw, redis_url):
    Luffy.backend = system.RedisBackend()
    with pytest.raises((TypeError, ValueError), match=r"^Note .*\bseconds\b.*\.$"):
        note(system).perform_in(delay)
    assert raw.keys() == []


@steps(8)
@pytest.mark.parametrize("delay", [timedelta(minutes=1), timedelta(0), 60, 0.5])
def test_a_delay_in_other_words_is_understood(system, delay, note, redis_url):
    Luffy.backend = system.RedisBackend()
    assert note(system).perform_in(delay, 1) == 1
    ((due, _),) = Luffy.backend.scheduled()
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
    assert seconds - 15 < due <= seconds


@steps(8)
@pytest.mark.parametrize(
    "when", [1790000000, 1.79e9, date(2026, 9, 21), "2026-09-21T12:00:00+00:00", None, datetime(2026, 9, 21)], ids=str
)
def test_a_moment_that_is_none_is_refused(system, when, note, raw, redis_url):
    Luffy.backend = system.RedisBackend()
    with pytest.raises((TypeError, ValueError), match=r"\bdatetime\b.*\.$") as raised:
        note(system).perform_at(when)
    assert repr(when) in str(raised.value)
    assert raw.keys() == []


@steps(8)
@pytest.mark.parametrize("when", [datetime.min, datetime.max])
def test_the_first_and_the_last_moment_are_moments(system, when, note, redis_url):
    Luffy.backend = system.RedisBackend()
    assert note(system).perform_at(when.replace(tzinfo=UTC)) == 1


@steps(8)
@pytest.mark.parametrize("method", ["requeue", "discard"])
@pytest.mark.parametrize("wrong", ["a list", "a payload", "a job", None])
def test_what_is_no_dead_job_is_refused(system, method, wrong, note, raw, redis_url):
    backend = Luffy.backend = system.RedisBackend()
    raw.zadd("luffy:queue:dead", {json.dumps({"worker": "Note", "args": [1], "id": "1", "failure": None}): 1})
    (dead,) = backend.dead()
    given = {"a list": [dead], "a payload": dead.job.payload, "a job": dead.job}.get(wrong)
    with pytest.raises(TypeError, match=r"`(requeue|discard)\(\*.*\.$"):
        getattr(backend, method)(dead, given)
    assert len(backend.dead()) == 1  # not half of it


@steps(7)
@pytest.mark.parametrize("levels", [64, 65, 990, 200_000])
def test_a_job_that_is_nested_deeply_is_tried_no_more_than_any(system, levels, registry, done, raw, redis_url, join):
    class Fails(system.Worker):
        retries = 1

        @staticmethod
        def backoff(tries):
            return 0.0

        def perform(self, deep):
            done.append(1)
            raise RuntimeError("it fails")

    backend = Luffy.backend = system.RedisBackend()
    payload = b'{"worker": "Fails", "args": [%b]}' % (b"[" * (levels - 2) + b"]" * (levels - 2))
    raw.lpush("luffy:queue", payload)
    pool = system.Processor.start(1)
    while backend.sizes()["dead"] == 0:
        join(backend)
    pool.stop(timeout=10)
    assert len(done) == (2 if levels <= 64 else 0)
    (dead,) = backend.dead()
    assert dead.failure["error"]
    if levels < 100:
        assert json.loads(payload)["args"] == json.loads(dead.job.payload)["args"]


@steps(7)
@pytest.mark.parametrize("levels", [64, 65, 990])
def test_a_deeply_nested_job_that_kills_does_not_kill_for_ever(system, levels, raw, redis_url):
    backend = system.RedisBackend()
    payload = b'{"worker": "Kills", "args": [%b]}' % (b"[" * (levels - 2) + b"]" * (levels - 2))
    leave_behind(raw, payload)
    for _ in range(backend.most_crashes):
        backend.recover()
        if raw.llen("luffy:queue"):
            leave_behind(raw, raw.rpop("luffy:queue"))
    assert backend.sizes()["waiting"] == 0
    assert backend.sizes()["dead"] == 1


def test_the_table_of_faults_tells_of_a_clock_that_is_set():
    text = (Path(__file__).parent / "chaos/README.md").read_text()
    (row,) = re.findall(r"^\|.*\bclock\b.*\|$", text, re.MULTILINE)
    assert re.search(r"\bback\b", row)
    assert re.search(r"\b(forward|ahead)\b", row)


@pytest.mark.parametrize("way", ["perform_now", "perform_async", "perform_queue"])
def test_arguments_by_name_are_refused_by_every_way_as_lesson_4_says(way):
    with pytest.raises(TypeError, match=rf"{way}\(\) got an unexpected keyword argument 'seconds'"):
        getattr(Worker, way)(seconds=3)
