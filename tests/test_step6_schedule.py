import json
import logging
import math
import queue
import random
import re
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import redis
from proxy import Proxy

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step6_schedule
from luffy_lesson.step6_schedule import Luffy, Message, Processor, RedisBackend, Worker

STEP = step6_schedule
pytestmark = pytest.mark.usefixtures("registry")


def args_of(payloads):
    return [json.loads(payload)["args"] for payload in payloads]


def waiting(raw):
    """The arguments of the jobs that wait, the oldest first."""
    return args_of(reversed(raw.lrange("luffy:queue", 0, -1)))


def calls(raw, command):
    """How often the server has been asked for a command."""
    return raw.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]


# When


def test_perform_in_returns_how_many_jobs_are_scheduled(backend, note):
    assert [note.perform_in(60, number) for number in range(3)] == [1, 2, 3]
    assert note.perform_at(datetime.now(UTC) + timedelta(hours=1), 3) == 4
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0, "scheduled": 4}


def test_a_scheduled_job_is_in_a_sorted_set_with_the_time_when_it_is_due(backend, note, raw):
    before = backend.now()
    note.perform_in(60, "é")
    ((payload, due),) = raw.zrange("luffy:queue:scheduled", 0, -1, withscores=True)
    job = json.loads(payload)
    assert len(job.pop("id")) == 24
    assert job == {"worker": "Note", "args": ["é"]}
    assert before + 60 <= due <= backend.now() + 60


def test_no_job_is_done_before_it_is_due_or_much_later(backend, fast_poll, registry, raw, join, eventually):
    performed = {}

    class When(Worker):
        def perform(self, number):
            performed[number] = backend.now()

    for number in range(30):
        When.perform_in(random.uniform(0, 0.8), number)
    due = {
        json.loads(payload)["args"][0]: due
        for payload, due in raw.zrange("luffy:queue:scheduled", 0, -1, withscores=True)
    }
    Processor.start(3)
    eventually(lambda: len(performed) == 30)
    late = [performed[number] - due[number] for number in due]
    assert len(late) == 30
    assert min(late) >= 0
    assert max(late) < 10  # mostly 0.05, but a machine may be slow


def test_the_clock_of_the_server_says_what_is_due(backend, note, raw, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 4e9)  # a machine whose clock is wrong
    note.perform_in(60, 1)
    note.perform_in(0, 2)
    backend.promote()
    assert waiting(raw) == [[2]]
    ((due, _),) = backend.scheduled()
    assert 0 < due <= 60


@pytest.mark.parametrize("offset", [-11, 0, 5.5, 14])
def test_perform_at_understands_every_time_zone(backend, note, raw, offset):
    when = (datetime.now(UTC) + timedelta(hours=1)).astimezone(timezone(timedelta(hours=offset)))
    note.perform_at(when, 1)
    assert raw.zrange("luffy:queue:scheduled", 0, -1, withscores=True)[0][1] == when.timestamp()


def test_the_mend_that_the_message_about_time_zones_tells_works(backend, note):
    with pytest.raises(ValueError, match=r"no time zone.*\.astimezone\(\).*datetime\.now\(.*\)") as raised:
        note.perform_at(datetime(2040, 1, 2, 3, 4), 1)
    assert "datetime.datetime(2040, 1, 2, 3, 4)" in str(raised.value)
    assert backend.scheduled() == []
    assert note.perform_at(datetime(2040, 1, 2, 3, 4).astimezone(), 1) == 1


@pytest.mark.parametrize("when", [datetime(1970, 1, 1, tzinfo=UTC), datetime(1903, 1, 1, tzinfo=UTC)])
def test_what_is_past_is_due_at_once(backend, note, raw, when):
    assert note.perform_at(when, 1) == 1
    assert backend.scheduled()[0][0] < 0
    backend.promote()
    assert waiting(raw) == [[1]]


def test_what_is_due_first_is_done_first(backend, note, raw):
    now = datetime.now(UTC)
    for number in random.sample(range(250), 250):
        note.perform_at(now - timedelta(seconds=1000 - number), number)
    backend.promote()
    assert waiting(raw) == [[number] for number in range(250)]


@pytest.mark.parametrize("seconds", [-1, -1e-9, -math.inf, math.inf, math.nan, 10**400, timedelta(days=-1)])
def test_seconds_that_are_no_time_from_now_are_refused(backend, note, seconds):
    says = rf"^Note can be performed in 0 seconds or more, not in {re.escape(repr(seconds))}\.$"
    with pytest.raises(ValueError, match=says):
        note.perform_in(seconds, 1)
    assert backend.scheduled() == []


def test_perform_in_takes_a_timedelta(backend, note):
    note.perform_in(timedelta(hours=1), 1)
    ((seconds, _),) = backend.scheduled()
    assert 3500 < seconds <= 3600


@pytest.mark.parametrize("when", [1790000000, "2040-01-01", date(2040, 1, 1), None], ids=repr)
def test_a_time_that_is_no_datetime_is_refused_with_a_sentence(backend, note, when):
    says = rf"^Note can be performed at a datetime such as .*, not at {re.escape(repr(when))}\.$"
    with pytest.raises(TypeError, match=says):
        note.perform_at(when, 1)
    assert backend.scheduled() == []


@pytest.mark.parametrize("seconds", ["60", None, [60]])
def test_seconds_that_are_no_number_are_refused(backend, note, seconds):
    says = rf"^Note can be performed in a number of seconds or a timedelta, not in {re.escape(repr(seconds))}\.$"
    with pytest.raises(TypeError, match=says):
        note.perform_in(seconds, 1)
    assert backend.scheduled() == []


@pytest.mark.parametrize("bad", [{1, 2}, json.loads("[" * 63 + "]" * 63)], ids=["a set", "65 levels"])
def test_arguments_that_cannot_travel_are_refused_and_nothing_is_scheduled(backend, note, bad):
    with pytest.raises(TypeError, match=r"^Note.*JSON"):
        note.perform_in(1, bad)
    with pytest.raises(TypeError, match=r"^Note.*JSON"):
        note.perform_at(datetime.now(UTC), bad)
    assert backend.scheduled() == []


def test_scheduled_shows_the_next_ones_with_the_seconds_until_each(backend, note):
    for seconds in (300, 100, 200):
        note.perform_in(seconds, seconds)
    found = backend.scheduled()
    assert args_of(job.payload for _, job in found) == [[100], [200], [300]]
    assert all(seconds - 60 < due <= seconds for (due, _), seconds in zip(found, (100, 200, 300), strict=True))
    assert [job for _, job in backend.scheduled(2)] == [job for _, job in found[:2]]
    assert [job for _, job in backend.scheduled(9)] == [job for _, job in found]


def test_join_does_not_wait_for_what_is_not_due(backend, note, done, join):
    note.perform_in(600, "later")
    note.perform_queue("now")
    Processor.start(1)
    join(backend)
    assert done == [("now",)]
    assert len(backend.scheduled()) == 1


# Moving what is due

POLLS = """
import os, redis, sys
from luffy_lesson.step6_schedule import RedisBackend

RedisBackend.at_once = 7
backend = RedisBackend()
print("ready", flush=True)
sys.stdin.readline()
while backend.redis.zcount(backend.scheduled_set, 0, 1):
    backend.promote()
"""


def test_many_pollers_in_threads_and_processes_move_each_job_once(backend, note, raw, aside, environment, monkeypatch):
    monkeypatch.setattr(RedisBackend, "at_once", 7)
    jobs = {json.dumps({"worker": "Note", "args": [number], "id": str(number)}): 1 for number in range(2000)}
    everybody = threading.Barrier(5)

    def promote():
        one = RedisBackend()
        everybody.wait(10)
        one.promote()

    command = [sys.executable, "-c", POLLS]
    processes = [subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True) for _ in range(2)]
    try:
        for process in processes:
            assert aside(process.stdout.readline).result(timeout=20) == "ready\n"
        raw.zadd("luffy:queue:scheduled", jobs)
        threads = [aside(promote) for _ in range(4)]
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        everybody.wait(10)
        for thread in threads:
            thread.result(timeout=20)
        for process in processes:
            assert process.wait(20) == 0
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=10)
    assert raw.zcard("luffy:queue:scheduled") == 0
    assert sorted(waiting(raw)) == [[number] for number in range(2000)]


def test_a_thousand_jobs_that_are_due_are_moved_a_hundred_at_a_time(backend, raw, monkeypatch):
    jobs = {json.dumps({"worker": "Note", "args": [number]}): number for number in range(1000)}
    raw.zadd("luffy:queue:scheduled", jobs)
    moved = []
    evaluate = backend.redis.eval

    def count(*args):
        moved.append(evaluate(*args))
        return moved[-1]

    monkeypatch.setattr(backend.redis, "eval", count)
    backend.promote()
    assert moved == [100] * 10 + [0]
    assert waiting(raw) == [[number] for number in range(1000)]


def test_a_server_without_memory_takes_no_jobs_and_moves_those_that_it_has(server, note, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.start())
    backend = Luffy.backend = RedisBackend()
    for number in range(5):
        note.perform_in(0, number)
    backend.redis.config_set("maxmemory", 1)
    with pytest.raises(redis.ResponseError, match="maxmemory"):
        note.perform_in(0, "not added")
    with pytest.raises(redis.ResponseError, match="maxmemory"):
        note.perform_bulk([["not added"]])
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0, "scheduled": 5}
    backend.promote()
    assert backend.sizes() == {"waiting": 5, "in flight": 0, "dead": 0, "scheduled": 0}
    assert waiting(backend.redis) == [[number] for number in range(5)]


def test_a_server_without_memory_recovers_what_was_left_behind(server, note, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.start())
    backend, other = RedisBackend(), RedisBackend()
    Luffy.backend = backend
    note.perform_queue(1)
    other.get(timeout=5)
    backend.redis.zadd(backend.heartbeats, {other.mine().key: 1})
    backend.redis.config_set("maxmemory", 1)
    backend.recover()
    assert backend.sizes() == {"waiting": 1, "in flight": 0, "dead": 0, "scheduled": 0}


def test_nothing_is_moved_twice_when_the_reply_is_lost(redis_url, note, raw):
    with Proxy(redis_url) as proxy:
        backend = Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        note.perform_in(0, 1)
        proxy.fail("drop", b"EVAL")
        with pytest.raises(redis.ConnectionError):
            backend.promote()
        backend.promote()
    assert waiting(raw) == [[1]]
    assert raw.zcard("luffy:queue:scheduled") == 0


def test_a_job_is_not_scheduled_twice_when_the_reply_is_lost(redis_url, note, raw):
    with Proxy(redis_url) as proxy:
        Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        proxy.fail("drop", b"ZADD")
        with pytest.raises(redis.ConnectionError):
            note.perform_in(60, 1)
    assert raw.zcard("luffy:queue:scheduled") == 1


# Pools


def test_stop_ends_the_keeper_and_the_poller_too(backend):
    pool = Processor.start(1)
    assert [thread.name for thread in pool.threads] == ["Processor 0", "Keeper", "Poller"]
    assert all(thread.is_alive() for thread in pool.threads)
    pool.stop(timeout=10)
    assert not any(thread.is_alive() for thread in pool.threads)


def test_a_poller_outlasts_a_server_that_is_away(server, fast_poll, note, done, monkeypatch, caplog, eventually):
    monkeypatch.setenv("REDIS_URL", server.start())
    Luffy.backend = RedisBackend()
    pool = Processor.start(1)
    note.perform_in(0.1, "kept")
    server.stop()
    eventually(lambda: "Poller" in {record.threadName for record in caplog.records})
    server.start()
    note.perform_in(0, "new")
    eventually(lambda: len(done) >= 2)
    assert set(done) == {("kept",), ("new",)}
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    pool.stop(timeout=10)


# Many at once


def test_perform_bulk_returns_how_many_wait_and_keeps_the_order(backend, note, raw):
    note.perform_queue("before")
    assert note.perform_bulk([number, "é"] for number in range(1001)) == 1002
    assert waiting(raw) == [["before"], *([number, "é"] for number in range(1001))]
    ids = {json.loads(payload)["id"] for payload in raw.lrange("luffy:queue", 0, -1)}
    assert len(ids) == 1002


@pytest.mark.parametrize(("jobs", "trips"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_perform_bulk_sends_a_thousand_jobs_a_round_trip(backend, note, raw, jobs, trips):
    before = calls(raw, "lpush")
    assert note.perform_bulk([()] * jobs) == jobs
    assert calls(raw, "lpush") - before == trips


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("abc", r"^Note\.perform_bulk takes a list of lists of arguments; 'abc' is no list\.$"),
        (7, r"takes a list of lists of arguments; 7 is no list"),
        ({"a": 1}, "is no list"),
        (None, "is no list"),
        ([{1, 2}], r"^Note.*JSON"),
        ([math.nan], r"^Note.*JSON"),
        ([json.loads("[" * 63 + "]" * 63)], r"^Note.*64 levels"),
    ],
)
def test_perform_bulk_sends_nothing_when_arguments_in_the_middle_are_bad(backend, note, bad, message):
    with pytest.raises(TypeError, match=message):
        note.perform_bulk([[1]] * 1500 + [bad] + [[2]])
    assert backend.qsize() == 0


def test_perform_bulk_sends_nothing_when_what_makes_the_arguments_fails(backend, note):
    def arguments():
        yield [1]
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        note.perform_bulk(arguments())
    assert backend.qsize() == 0


def test_jobs_of_a_bulk_are_done(backend, note, done, join):
    note.perform_bulk([[1], (2,), []])
    Processor.start(1)
    join(backend)
    assert done == [(1,), (2,), ()]


# Backends that know no later


LATER = [
    lambda worker: worker.perform_in(1),
    lambda worker: worker.perform_at(datetime.now(UTC)),
    lambda worker: worker.perform_bulk([[]]),
]


@pytest.mark.parametrize("later", LATER, ids=["perform_in", "perform_at", "perform_bulk"])
def test_a_backend_that_knows_no_later_is_refused_with_a_sentence(redis_url, note, later):
    for earlier in (queue.Queue(), step4_redis_queue.RedisBackend(), step5_reliable_queue.RedisBackend()):
        Luffy.backend = earlier
        with pytest.raises(TypeError, match=r"^<.*> does not know of later: use the RedisBackend of .*step6_schedule"):
            later(note)
        assert earlier.qsize() == 0


@pytest.mark.parametrize("later", LATER, ids=["perform_in", "perform_at", "perform_bulk"])
def test_without_a_backend_later_tells_to_set_one(note, later):
    with pytest.raises(RuntimeError, match="Set a backend first"):
        later(note)


def test_a_job_that_has_been_taken_can_be_scheduled_again(backend, note, raw):
    note.perform_queue(1)
    job = backend.get(timeout=5)
    assert backend.schedule(job, backend.now() + 60) == 1
    ((_, scheduled),) = backend.scheduled()
    assert json.loads(scheduled.payload) == json.loads(job.payload)


def test_what_is_no_job_can_be_scheduled_too_and_arrives_byte_for_byte(backend, raw):
    backend.schedule(Message(b"\xff no job"), 1)
    backend.promote()
    assert raw.lrange("luffy:queue", 0, -1) == [b"\xff no job"]
