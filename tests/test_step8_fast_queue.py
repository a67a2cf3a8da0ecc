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
from luffy_lesson.step8_fast_queue import Job, Luffy, Message, Processor, RedisBackend, Worker

STEP = step8_fast_queue
pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def asked(backend, monkeypatch):
    """How many jobs the server was asked for, each time."""
    asked, fetch = [], RedisBackend.fetch

    def count(self, in_flight, length, finished, most):
        if most:
            asked.append(most)
        return fetch(self, in_flight, length, finished, most)

    monkeypatch.setattr(RedisBackend, "fetch", count)
    return asked


def args_of(payloads):
    return [tuple(json.loads(payload)["args"]) for payload in payloads]


def insert(backend, raw, worker, after):
    """Put a job behind so many others."""
    raw.linsert(backend.key, "BEFORE", raw.lindex(backend.key, -after), Message.encode(Job(worker, ("gated",))).payload)


def prefetching(backend, count):
    """Return a consumer that has so many jobs prefetched, or more, and one in hand."""
    backend.batch_lasts = 1000.0
    consumer = backend.consumer()
    consumer.get(block=False)
    while len(consumer.prefetched) < count:
        consumer.task_done()
        consumer.get(block=False)
    return consumer


def lists(raw):
    """The in-flight lists that there are."""
    return raw.keys("luffy:queue:in_flight:*")


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
    assert asked[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 500]


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
    batches = [args_of(backend.fetch(f"{backend.key}:in_flight:{batch}", 0, 0, 50)) for batch in "abc"]
    assert batches == [[(number,) for number in range(10)], [(99,)], [(number,) for number in range(10, 20)]]
    assert raw.llen(backend.key) == 0


# What was taken and not begun


def test_what_is_prefetched_waits_and_is_not_in_flight(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    assert backend.qsize() == raw.llen(backend.key) + len(consumer.prefetched)
    assert len(backend.in_flight()) == backend.sizes()["in flight"] == 1
    assert backend.sizes()["waiting"] == backend.qsize()


def test_close_gives_back_what_is_prefetched_in_its_order_and_acknowledges_the_rest(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    consumer.task_done()
    left = backend.qsize()
    backend.close()
    assert args_of(reversed(raw.lrange(backend.key, 0, -1))) == [(number,) for number in range(40 - left, 40)]
    assert lists(raw) == []


def test_a_batch_goes_back_in_one_round_trip(backend, note, raw, monkeypatch):
    note.perform_bulk([[number] for number in range(300)])
    consumer = prefetching(backend, 50)
    consumer.task_done()
    sent, send = [], redis.Connection.send_packed_command
    monkeypatch.setattr(
        redis.Connection, "send_packed_command", lambda *args, **how: sent.append(1) or send(*args, **how)
    )
    backend.close()
    assert len(sent) == 2  # one to acknowledge, one to give back
    assert backend.sizes()["in flight"] == 0
    assert len(consumer.prefetched) == 0


def test_who_has_a_batch_takes_nothing_newer_while_it_goes_back(backend, note, monkeypatch):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    (oldest,) = args_of([consumer.prefetched[0]])
    going, give_back = threading.Event(), RedisBackend.give_back_of

    def late(*args):
        going.set()
        time.sleep(0.3)  # long enough to take another job meanwhile
        return give_back(*args)

    monkeypatch.setattr(RedisBackend, "give_back_of", late)
    poller = threading.Thread(target=backend.close)
    poller.start()
    assert going.wait(10)
    consumer.task_done()
    assert consumer.get(timeout=5).decode().args == oldest
    poller.join()


def test_what_cannot_be_promoted_keeps_nothing_from_going_back(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    consumer.task_done()
    backend.batch_lasts = -1.0  # seconds: all is too old
    raw.set(backend.scheduled_set, "no sorted set")
    with pytest.raises(redis.ResponseError):
        backend.promote()
    assert not consumer.prefetched
    assert lists(raw) == []


def test_who_takes_by_hand_prefetches_nothing(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    for number in range(20):
        assert backend.get(block=False).decode().args == (number,)
        backend.task_done()
        assert lists(raw) == []
    assert raw.llen(backend.key) == 20


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
    assert lists(raw) == []


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
    eventually(lambda: lists(raw) == [])
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
    other = RedisBackend().consumer()  # as another process has
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
        eventually(lambda: raw.llen(backend.key) or other.prefetched)
        taken.append(take())
    assert sorted([*done, *args_of(job.payload for job in taken)]) == [(number,) for number in range(400)]
    other.close()


def test_a_job_that_came_alone_is_acknowledged_at_once(backend, note, raw):
    note.perform_queue()
    backend.get(timeout=5)
    backend.task_done()
    assert lists(raw) == []


def test_what_is_finished_is_acknowledged_soon_although_nobody_takes(backend, note, gated, raw, eventually):
    note.perform_queue()
    gated.perform_queue()
    Processor.start(1)
    assert gated.began.wait(10)
    eventually(lambda: len(raw.lrange(lists(raw)[0], 0, -1)) == 1)


# Failures

CHILD = """
import os, signal, sys
from luffy_lesson.step8_fast_queue import Luffy, Processor, RedisBackend, Worker

class Note(Worker):
    def perform(self, number):
        os.write(1, b"%d\\n" % number)
        if number == 300:
            os.kill(os.getpid(), signal.SIGKILL)

RedisBackend.batch_most = 20
Luffy.backend = RedisBackend(beat_every=0.1, gone_after=1.0)
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
def test_a_fetch_that_fails_loses_nothing(backend, note, done, monkeypatch, join, eventually, arrives):
    note.perform_bulk([[number] for number in range(2000)])
    fetch, failures = backend.fetch, []

    def fail(in_flight, length, finished, most):
        if finished == most == backend.batch_most and not failures:
            failures.append(in_flight)
            if arrives:
                assert len(fetch(in_flight, length, finished, most)) == length  # so it is as long as before
            raise redis.ConnectionError("the answer is lost")
        return fetch(in_flight, length, finished, most)

    monkeypatch.setattr(backend, "fetch", fail)
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    monkeypatch.setattr(RedisBackend, "poll_every", 60.0)  # the poller acknowledges, too, and so does `join`
    Processor.start(1)
    eventually(lambda: failures)
    join(backend)
    assert done == [(number,) for number in range(2000)]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_goes_back_without_an_answer_is_not_lost_or_done_twice(backend, note, raw, aside, monkeypatch, arrives):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    prefetched = args_of(consumer.prefetched)
    give_back = backend.give_back_of

    def cut(*args):
        if arrives:
            give_back(*args)
        raise redis.ConnectionError("cut")

    with monkeypatch.context() as broken:
        broken.setattr(backend, "give_back_of", cut)
        failed = aside(backend.close).exception(timeout=10)
    assert isinstance(failed, redis.ConnectionError)
    backend.tidy()  # the next time, though the job in hand takes long
    waits = args_of(reversed(raw.lrange(backend.key, 0, -1)))
    assert waits[: len(prefetched)] == prefetched
    assert len(backend.in_flight()) == 1
    consumer.task_done()
    assert args_of([consumer.get(block=False).payload]) == prefetched[:1]
    assert backend.qsize() == len(waits) - 1


def test_one_that_was_silent_for_too_long_forgets_what_it_has_not_begun(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    before = consumer.key
    raw.zadd(backend.heartbeats, {consumer.key: 1})
    RedisBackend().recover()  # as when this process stands still
    consumer.beaten -= 2 * backend.gone_after
    backend.beat(consumer)
    consumer.task_done()
    waiting = raw.llen(backend.key)
    assert consumer.get(block=False)
    assert consumer.key != before
    assert raw.llen(backend.key) == waiting - 1


def test_a_frozen_one_that_goes_on_acknowledges_nothing_that_others_have(backend, note, raw, caplog):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    raw.zadd(backend.heartbeats, {consumer.key: 1})
    other = RedisBackend()
    other.recover()
    taken = {other.get(block=False).payload for _ in range(3)}  # all that it had is back, and some is taken again
    left = {*raw.lrange(backend.key, 0, -1)}
    while consumer.prefetched:  # it does not know
        consumer.task_done()
        consumer.get(block=False)
    finished = len(consumer.taken) - 1
    caplog.clear()
    consumer.task_done()
    consumer.get(block=False)
    assert len([record for record in caplog.records if "may be done again" in record.getMessage()]) == finished + 1
    assert {message.payload for message in backend.in_flight()} >= taken
    assert {*raw.lrange(backend.key, 0, -1)} >= left - {consumer.taken[-1]}
    assert raw.llen(consumer.key) == 1


def test_a_job_that_fails_in_the_middle_of_a_batch_is_moved_and_no_other(backend, note, raw):
    note.perform_bulk([[number] for number in range(100)])
    consumer = prefetching(backend, 20)
    consumer.task_done()
    for _ in range(3):
        consumer.get(block=False)
        consumer.task_done()
    failed = consumer.get(block=False)
    consumer.fail(failed, OSError("429"))
    consumer.task_done()
    ((_, retried),) = backend.retrying()
    assert retried.decode().args == failed.decode().args
    assert raw.llen(consumer.key) == len(consumer.prefetched)
    assert sorted(args_of(raw.lrange(consumer.key, 0, -1))) == sorted(args_of(consumer.prefetched))
    rest = [consumer.get(block=False).decode().args for _ in range(backend.qsize())]
    assert rest == [(number,) for number in range(failed.decode().args[0] + 1, 100)]


def test_a_job_that_fails_is_scheduled_at_once(backend, registry, eventually, raw):
    class Fails(Worker):
        def perform(self):
            raise OSError("no")

    Fails.perform_queue()
    Processor.start(1)
    eventually(lambda: len(backend.retrying()) == 1)
    assert backend.sizes()["in flight"] == 0


def test_of_equal_jobs_that_fail_in_a_batch_each_is_noted(backend, note, raw):
    numbers = [0] * 15 + [7, 7, 1, 7] + [2] * 12
    raw.lpush(backend.key, *[b'{"worker": "Note", "args": [%d]}' % number for number in numbers])
    consumer = prefetching(backend, 14)
    message = Message(consumer.taken[-1])
    while consumer.begun > consumer.done:
        if message.decode().args == (7,):
            consumer.fail(message, OSError("429"))
        consumer.task_done()
        if consumer.prefetched:
            message = consumer.get(block=False)
    backend.close()
    assert len(backend.retrying()) == 3
    assert backend.sizes()["in flight"] == 0


# Pushes


def test_pushes_of_many_threads_travel_together_and_each_gets_its_own_length(
    backend, note, raw, aside, monkeypatch, eventually
):
    begun, go, send, sent = threading.Event(), threading.Event(), backend.redis.lpush, []

    def slow(key, *payloads):
        begun.set()
        assert go.wait(10)
        sent.append(len(payloads))
        return send(key, *payloads)

    monkeypatch.setattr(backend.redis, "lpush", slow)
    first = aside(note.perform_queue, 0)
    assert begun.wait(10)
    others = [aside(note.perform_queue, number) for number in range(1, 9)]
    eventually(lambda: len(backend.carrier.group.payloads) == 8)
    go.set()
    lengths = [first.result(timeout=10), *(other.result(timeout=10) for other in others)]
    assert sent == [1, 8]
    assert sorted(lengths) == list(range(1, 10))
    waiting = args_of(reversed(raw.lrange(backend.key, 0, -1)))
    assert [waiting[length - 1] for length in lengths] == [(number,) for number in range(9)]


def test_all_who_travelled_are_told_of_an_error_each_by_an_exception_of_its_own(
    backend, note, aside, monkeypatch, eventually
):
    begun, go = threading.Event(), threading.Event()

    def refuse(key, *payloads):
        begun.set()
        assert go.wait(10)
        raise redis.OutOfMemoryError("full")

    monkeypatch.setattr(backend.redis, "lpush", refuse)
    futures = [aside(note.perform_queue, 0)]
    assert begun.wait(10)
    futures += [aside(note.perform_queue, number) for number in range(1, 5)]
    eventually(lambda: len(backend.carrier.group.payloads) == 4)
    go.set()
    errors = [future.exception(timeout=10) for future in futures]
    assert {type(error) for error in errors} == {redis.OutOfMemoryError}
    assert len({id(error) for error in errors}) == 5


def test_a_large_payload_is_pushed_alone_and_a_push_is_bounded_in_bytes(backend, note, aside, monkeypatch, eventually):
    begun, go, send, sent = threading.Event(), threading.Event(), backend.redis.lpush, []

    def slow(key, *payloads):
        begun.set()
        assert go.wait(10)
        sent.append(sum(map(len, payloads)))
        return send(key, *payloads)

    monkeypatch.setattr(backend.redis, "lpush", slow)
    futures = [aside(note.perform_queue, 0)]
    assert begun.wait(10)
    futures += [aside(note.perform_queue, "x" * 60_000) for _ in range(40)]
    futures += [aside(note.perform_queue, "x" * 200_000)]
    eventually(lambda: len(backend.carrier.group.payloads) == 40 - 2 * 17)  # two groups are full
    go.set()
    for future in futures:
        future.result(timeout=10)
    assert max(sent) <= 2**20
    assert [size for size in sent if 200_000 < size < 201_000] != []
    assert len(sent) == 5


def test_a_forked_process_has_nothing_prefetched_and_leaves_alone_what_its_parent_has(backend, note, raw):
    note.perform_bulk([[number] for number in range(40)])
    consumer = prefetching(backend, 5)
    ours, waiting = consumer.key, raw.llen(backend.key)
    reading, writing = os.pipe()
    with consumer.lock, backend.turn:  # as another thread may have them just then
        pid = os.fork()
    if pid == 0:
        try:
            consumer.task_done()
            backend.close()
            found = [backend.qsize(), len(backend.in_flight()), consumer.key == ours, len(consumer.prefetched)]
            os.write(writing, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert json.loads(os.read(reading, 1000)) == [waiting, len(consumer.prefetched) + 1, False, 0]
    assert raw.llen(backend.key) == waiting
    os.close(reading)
    os.close(writing)


def test_who_does_not_wait_is_not_kept_waiting_by_one_who_does(backend, note):
    note.perform_queue(1)
    with backend.turn:  # a thread waits for the server
        assert backend.consumer().get(block=False).decode().args == (1,)


def test_equal_jobs_are_counted_each(backend, note, raw):
    raw.lpush(backend.key, *[b'{"worker": "Note", "args": []}'] * 4)
    consumer = prefetching(backend, 1)
    assert backend.sizes()["in flight"] == 1
    assert backend.sizes()["waiting"] == len(consumer.prefetched) + raw.llen(backend.key)


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

    job = Job(Odd, tuple(args))
    was = outcome(lambda: step4_redis_queue.Message.encode(job).decode())
    assert outcome(lambda: Message.encode(job).decode()) == was
    assert outcome(lambda: step4_redis_queue.Message(Message.encode(job).payload).decode()) == was


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


@settings(deadline=None, max_examples=250)
@given(payload=PAYLOADS | st.tuples(PAYLOADS, st.integers(0, 60), st.binary(max_size=2)).map(damaged))
def test_every_payload_is_read_as_in_step_4(payload):
    class Odd(Worker):
        pass

    assert outcome(Message(payload).decode) == outcome(step4_redis_queue.Message(payload).decode)
