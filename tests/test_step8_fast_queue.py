"""Step 8 keeps what the steps below promise, and asks the server for many jobs at once."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from proxy import Proxy

from luffy_lesson import step4_redis_queue, step8_fast_queue
from luffy_lesson.step3_memory_queue import Job as Call
from luffy_lesson.step8_fast_queue import Job, Luffy, Processor, RedisBackend, Worker

STEP = step8_fast_queue
pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def asked(backend, monkeypatch):
    """How many jobs the server was asked for, each time."""
    asked, fetch = [], RedisBackend.fetch

    def count(self, key="", most=0):
        if most:
            asked.append(most)
        return fetch(self, key, most)

    monkeypatch.setattr(RedisBackend, "fetch", count)
    return asked


def args_of(payloads):
    return [tuple(json.loads(payload)["args"]) for payload in payloads]


def insert(backend, raw, worker, after):
    """Put a job behind so many others."""
    raw.linsert(backend.key, "BEFORE", raw.lindex(backend.key, -after), backend.encode(Call(worker, ("gated",))))


def take_ahead(backend, count):
    """Let this thread have so many jobs in hand that it has not begun, besides one that it has."""
    backend.batch_lasts = 1000.0
    backend.get(block=False)
    backend.task_done()
    while backend.take(0) and len(backend.hand().ahead) < count:
        backend.task_done()


# How many at once


def test_quick_jobs_are_taken_and_acknowledged_many_at_a_time(backend, note, done, raw, join):
    note.perform_bulk([[number] for number in range(5000)])
    before = calls(raw)
    Processor.start(1)
    join(backend)
    Processor.pool.stop(timeout=10)
    asked = {command: count - before.get(command, 0) for command, count in calls(raw).items()}
    assert asked["eval"] < 1000
    assert asked["blmove"] < 100
    assert done == [(number,) for number in range(5000)]


def calls(raw):
    """How often the server was sent each command, those in scripts included."""
    return {name.removeprefix("cmdstat_"): stats["calls"] for name, stats in raw.info("commandstats").items()}


def test_slow_jobs_are_taken_one_by_one(backend, asked, registry, join):
    class Slow(Worker):
        def perform(self):
            time.sleep(2 * RedisBackend.batch_lasts)  # what the backend measures

    Slow.perform_bulk([[]] * 10)
    Processor.start(1)
    join(backend)
    assert set(asked) == {1}


def test_a_batch_is_at_most_twice_the_last_and_never_more_than_the_most(backend, note, asked, join, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    note.perform_bulk([[]] * 1000)
    Processor.start(1)
    join(backend)
    assert asked[:9] == [2, 4, 8, 16, 32, 64, 128, 200, 200]


def test_quick_jobs_are_taken_many_at_a_time_from_a_server_that_is_far_away(asked, note, redis_url, join):
    with Proxy(redis_url) as proxy:
        proxy.away = 0.02  # seconds: more than a batch may last
        Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        note.perform_bulk([[]] * 300)
        Processor.start(1)
        join(Luffy.backend)
        Processor.pool.stop(timeout=10)
    assert max(asked) >= 32


def test_after_idleness_one_job_is_taken(backend, note, asked, done, eventually, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    Processor.start(1)
    for number in range(3):
        note.perform_queue(number)
        eventually(lambda number=number: len(done) > number)
    assert max(asked, default=1) <= 2


def test_a_job_that_was_left_behind_comes_alone(backend, note, raw):
    note.perform_bulk([[number] for number in range(10)])
    raw.lpush(backend.key, b'{"worker": "Note", "args": [99], "id": "abc", "crashes": 1}')
    note.perform_bulk([[number] for number in range(10, 20)])
    batches = [args_of(backend.fetch(backend.hand().key, 50)) for _ in range(3)]
    assert batches == [[(number,) for number in range(10)], [(99,)], [(number,) for number in range(10, 20)]]
    assert raw.llen(backend.key) == 0


# What was taken and not begun


def test_what_is_not_begun_waits_and_is_not_in_flight(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    ahead = len(backend.hand().ahead)
    assert ahead >= 5
    assert backend.qsize() == raw.llen(backend.key) + ahead
    assert len(backend.in_flight()) == backend.sizes()["in flight"] == 1
    assert backend.sizes()["waiting"] == backend.qsize()


def test_close_gives_back_what_was_not_begun_in_its_order_and_acknowledges_the_rest(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    backend.task_done()
    left = backend.qsize()
    backend.close()
    assert args_of(reversed(raw.lrange(backend.key, 0, -1))) == [(number,) for number in range(40 - left, 40)]
    assert raw.keys(f"{backend.key}:in_flight:*") == []


def test_a_batch_goes_back_in_one_round_trip(backend, note, raw, monkeypatch):
    note.perform_bulk([[number] for number in range(300)])
    take_ahead(backend, 50)
    backend.task_done()
    sent, send = [], redis.Connection.send_packed_command
    monkeypatch.setattr(
        redis.Connection, "send_packed_command", lambda *args, **how: sent.append(1) or send(*args, **how)
    )
    backend.close()
    assert len(sent) == 2  # one to acknowledge, one to give back
    assert backend.sizes()["in flight"] == 0
    assert len(backend.hand().ahead) == 0


def test_who_has_a_batch_takes_nothing_newer_while_it_goes_back(backend, note, monkeypatch):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    (oldest,) = args_of([backend.hand().ahead[0]])
    going, send = threading.Event(), redis.client.Pipeline.execute

    def late(self):
        going.set()
        time.sleep(0.3)  # long enough to take another job meanwhile
        return send(self)

    monkeypatch.setattr(redis.client.Pipeline, "execute", late)
    poller = threading.Thread(target=backend.close)
    poller.start()
    assert going.wait(10)
    backend.task_done()
    assert backend.get(timeout=5).decode().args == oldest
    poller.join()


def test_what_cannot_be_promoted_keeps_nothing_from_going_back(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    backend.task_done()
    backend.batch_lasts = -1.0  # seconds: all is too old
    raw.set(backend.later[0], "no sorted set")
    with pytest.raises(redis.ResponseError):
        backend.promote()
    assert not backend.hand().ahead
    assert raw.keys(f"{backend.key}:in_flight:*") == []


def test_stop_gives_back_at_once_what_was_not_begun(
    backend, note, gated, gate, done, raw, aside, eventually, monkeypatch
):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)  # so nothing is given back before
    note.perform_bulk([[number] for number in range(200)])
    insert(backend, raw, gated, after=100)
    Processor.start(1)
    assert gated.began.wait(10)
    assert raw.llen(backend.key) < backend.qsize()
    stopped = aside(Processor.pool.stop)
    eventually(lambda: raw.llen(backend.key) == 200 - len(done))
    assert not stopped.done()
    gate.set()
    stopped.result(timeout=10)
    assert args_of(raw.lrange(backend.key, 0, -1)) == [(number,) for number in reversed(range(len(done) - 1, 200))]
    assert raw.keys(f"{backend.key}:in_flight:*") == []


def test_what_was_not_begun_goes_back_when_the_last_processor_ends_by_itself(
    backend, note, gated, gate, done, raw, eventually, monkeypatch
):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)  # so nothing is given back before
    note.perform_bulk([[number] for number in range(200)])
    insert(backend, raw, gated, after=100)
    (processor,) = Processor.start(1).processors
    assert gated.began.wait(10)
    processor.stopping.set()
    gate.set()
    eventually(lambda: raw.keys(f"{backend.key}:in_flight:*") == [])
    assert args_of(raw.lrange(backend.key, 0, -1)) == [(number,) for number in reversed(range(len(done) - 1, 200))]


def test_jobs_behind_a_slow_one_are_done_by_another_processor(
    backend, note, gated, gate, done, raw, eventually, monkeypatch
):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 0.02)
    note.perform_bulk([[number] for number in range(400)])
    insert(backend, raw, gated, after=200)
    Processor.start(2)
    eventually(lambda: len(done) == 400)
    assert not gate.is_set()
    gate.set()


def test_jobs_behind_slow_ones_are_done_by_another_process(backend, note, gated, done, raw, eventually):
    other = RedisBackend()  # with hands of its own, as another process has
    note.perform_bulk([[number] for number in range(400)])
    insert(backend, raw, gated, after=200)
    Processor.start(1)
    assert gated.began.wait(10)
    count = len(done)

    def take():
        job = other.get(block=False)
        other.task_done()
        return job

    taken = []
    while count + len(taken) < 400:
        eventually(lambda: other.redis.llen(other.key) or other.hand().ahead)
        taken.append(take())
    assert sorted([*done, *args_of(job.payload for job in taken)]) == [(number,) for number in range(400)]
    other.close()


def test_a_job_that_came_alone_is_acknowledged_at_once(backend, note, raw):
    note.perform_queue()
    backend.get(timeout=5)
    backend.task_done()
    assert raw.keys(f"{backend.key}:in_flight:*") == []


def test_what_is_finished_is_acknowledged_soon_although_nobody_takes(backend, note, gated, raw, eventually):
    note.perform_queue()
    gated.perform_queue()
    Processor.start(1)
    assert gated.began.wait(10)
    eventually(lambda: len(raw.lrange(raw.keys(f"{backend.key}:in_flight:*")[0], 0, -1)) == 1)


# Failures

CHILD = """
import os, signal, sys
from luffy_lesson.step8_fast_queue import Luffy, Processor, RedisBackend, Worker

class Backend(RedisBackend):
    beat_every, gone_after, batch_most = 0.1, 1.0, 20

class Note(Worker):
    def perform(self, number):
        os.write(1, b"%d\\n" % number)
        if number == 300:
            os.kill(os.getpid(), signal.SIGKILL)

Luffy.backend = Backend()
Processor.start(1)
sys.stdin.read()
"""


def test_a_killed_process_loses_nothing_and_has_at_most_a_batch_and_one_job_done_twice(
    backend, note, done, environment, join, monkeypatch
):
    note.perform_bulk([[number] for number in range(1000)])
    with subprocess.Popen([sys.executable, "-c", CHILD], env=environment, stdin=-1, stdout=-1) as child:
        before = {(int(line),) for line in child.stdout}
        assert child.wait(20) == -signal.SIGKILL
    monkeypatch.setattr(RedisBackend, "beat_every", 0.1)
    Processor.start(2)
    join(backend)
    assert before | set(done) == {(number,) for number in range(1000)}
    assert len(done) == len(set(done))
    assert 1 <= len(before & set(done)) <= 21


@pytest.mark.parametrize("arrives", [True, False])
def test_a_fetch_that_fails_loses_nothing(backend, note, done, monkeypatch, join, arrives):
    note.perform_bulk([[number] for number in range(500)])
    ask, failures = backend.redis.eval, []

    def fail(*command):
        fetching = len(command) > 4 and command[4] == backend.batch_most
        if fetching and not failures:
            failures.append(command)
            if arrives:
                ask(*command)
            raise redis.ConnectionError("the answer is lost")
        return ask(*command)

    monkeypatch.setattr(backend.redis, "eval", fail)
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    Processor.start(1)
    join(backend)
    assert failures
    assert set(done) == {(number,) for number in range(500)}
    assert len(done) <= 500 + (0 if arrives else backend.batch_most)


def test_a_job_is_done_again_when_another_thread_could_not_acknowledge_it(backend, note, aside, monkeypatch):
    backend.batch_lasts = 1000.0
    for number in range(4):
        note.perform_queue(number)
    for _ in range(3):  # two of them came together
        backend.get(block=False)
        backend.task_done()
    with monkeypatch.context() as broken:
        broken.setattr(backend.redis, "eval", lambda *_: (_ for _ in ()).throw(redis.ConnectionError("cut")))
        failed = aside(backend.close).exception(timeout=10)
    assert isinstance(failed, redis.ConnectionError)
    assert args_of(backend.get(block=False).payload for _ in range(2)) == [(1,), (2,)]


def test_one_that_was_silent_for_too_long_forgets_what_it_has_not_begun(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    backend.task_done()
    backend.close()
    take_ahead(backend, 5)
    hand = backend.hand()
    raw.zadd(backend.hearts, {hand.key: 1})
    other = RedisBackend()
    other.recover()  # as when this process stands still
    hand.beaten -= 2 * backend.gone_after
    waiting = raw.llen(backend.key)
    assert backend.get(block=False)
    assert backend.hand() is not hand
    assert raw.llen(backend.key) == waiting - 1


def test_a_job_that_fails_is_scheduled_at_once(backend, registry, eventually, raw):
    class Fails(Worker):
        def perform(self):
            raise OSError("no")

    Fails.perform_queue()
    Processor.start(1)
    eventually(lambda: len(backend.retrying()) == 1)
    assert backend.sizes()["in flight"] == 0


def test_a_forked_process_has_nothing_ahead_and_leaves_alone_what_its_parent_has(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    take_ahead(backend, 5)
    ours, waiting = backend.hand(), raw.llen(backend.key)
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            backend.close()
            found = [backend.qsize(), len(backend.in_flight()), backend.hand() is ours, len(backend.hand().ahead)]
            os.write(writing, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert json.loads(os.read(reading, 1000)) == [waiting, len(ours.ahead) + 1, False, 0]
    assert raw.llen(backend.key) == waiting
    os.close(reading)
    os.close(writing)


def test_who_does_not_wait_is_not_kept_waiting_by_one_who_does(backend, note):
    note.perform_queue(1)
    with backend.asking[os.getpid()]:  # a thread waits for the server
        assert backend.get(block=False).decode().args == (1,)


def test_equal_jobs_are_counted_each(backend, note, raw):
    raw.lpush(backend.key, *[b'{"worker": "Note", "args": []}'] * 4)
    take_ahead(backend, 1)
    ahead = len(backend.hand().ahead)
    assert backend.sizes()["in flight"] == 1
    assert backend.sizes()["waiting"] == ahead + raw.llen(backend.key)


# The format

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=3)
    | st.sampled_from([(1,), {1}, {1: 2}, 2**70, "\ud800", 1j]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=8,
)


def outcome(function, *args):
    try:
        return repr(function(*args))
    except Exception as error:
        return type(error), str(error)


@settings(deadline=None)
@given(args=st.lists(VALUES, max_size=3))
def test_what_can_travel_is_what_could_and_arrives_the_same(args):
    class Odd(Worker):
        pass

    call = Call(Odd, tuple(args))
    backend = object.__new__(RedisBackend)  # without a server
    was = outcome(lambda: step4_redis_queue.Job.encode(call).decode())
    assert outcome(lambda: Job(backend.encode(call)).decode()) == was
    assert outcome(lambda: step4_redis_queue.Job(backend.encode(call)).decode()) == was


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
PAYLOADS = (
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda worker, args, more: json.dumps({"worker": worker, "args": args, **more}).encode(),
        st.sampled_from(["Odd", "Unknown"]) | JSON,
        st.lists(JSON) | JSON,
        st.dictionaries(st.text(), JSON, max_size=2),
    )
)


def damaged(case):
    payload, where, byte = case
    return payload[:where] + byte + payload[where:]


@settings(deadline=None, max_examples=1000)
@given(payload=PAYLOADS | st.tuples(PAYLOADS, st.integers(0, 60), st.binary(max_size=2)).map(damaged))
def test_every_payload_is_read_as_in_step_4(payload):
    class Odd(Worker):
        pass

    assert outcome(Job(payload).decode) == outcome(step4_redis_queue.Job(payload).decode)
