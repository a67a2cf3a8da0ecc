import json
import logging
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pytest
import redis
from proxy import Proxy

from luffy_lesson import step3_memory_queue, step4_redis_queue, step5_reliable_queue
from luffy_lesson.step5_reliable_queue import Luffy, Message, Pool, Processor, RedisBackend, Worker

STEP = step5_reliable_queue
pytestmark = pytest.mark.usefixtures("registry")


def key(backend):
    """The in-flight list of this thread."""
    return backend.mine().key


def go(backend, raw):
    """Let what this thread has taken be in the list of somebody whose heartbeat has stopped."""
    raw.zadd(backend.heartbeats, {key(backend): 1})


def args_of(jobs):
    return [json.loads(job.payload)["args"] for job in jobs]


CHILD = """
import os, redis, sys, time
from luffy_lesson.step5_reliable_queue import Consumer, Luffy, Processor, RedisBackend, Worker, say

class Late(Consumer):
    def commit(self, payload):
        if sys.argv[1:] == ["never acknowledges"]:
            say("worked")
            time.sleep(60)
        super().commit(payload)

class Backend(RedisBackend):
    def consumer(self):
        return Late(self)

class Wait(Worker):
    def perform(self, *args):
        say("began")
        with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=60) as connection:
            connection.blpop("luffy:test:go", timeout=30)
        say("finished")

Luffy.backend = Backend(beat_every=0.1, gone_after=1.0)
Processor.start(1)
sys.stdin.read()
"""


@pytest.fixture
def child(redis_url, environment, aside):
    """Start a process with one processor, and return it. Its method `says` reads the next line, or fails."""
    processes = []

    def start(*args):
        command = [sys.executable, "-c", CHILD, *args]
        process = subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True)
        processes.append(process)
        process.says = lambda: aside(process.stdout.readline).result(timeout=20).split("] ")[-1].strip()
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


@pytest.fixture
def wait(done, registry):
    """The worker of the child process, which works at once in this one."""

    class Wait(Worker):
        def perform(self, *args):
            done.append(args)

    return Wait


# Processes that go


def test_a_job_in_hand_of_a_killed_process_is_done_by_another(backend, fast_beat, child, wait, done, raw, join):
    process = child()
    wait.perform_queue(1)
    assert process.says() == "began"
    assert (backend.qsize(), args_of(backend.in_flight())) == (0, [[1]])
    process.kill()
    process.wait(10)
    Processor.start(1)
    join(backend)
    assert done == [(1,)]
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}


def test_a_job_of_a_process_that_is_killed_before_it_acknowledges_is_done_again(
    backend, fast_beat, child, wait, done, join
):
    process = child("never acknowledges")
    wait.perform_queue(1)
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as other:
        other.lpush("luffy:test:go", 1)
    assert [process.says() for _ in range(3)] == ["began", "finished", "worked"]
    process.kill()
    process.wait(10)
    Processor.start(1)
    join(backend)
    assert done == [(1,)]


def test_a_frozen_process_that_goes_on_and_is_killed_loses_nothing(
    backend, fast_beat, child, wait, done, raw, join, eventually
):
    process = child()
    wait.perform_queue(1)
    assert process.says() == "began"
    process.send_signal(signal.SIGSTOP)
    Processor.start(1)
    join(backend)
    Processor.pool.stop(timeout=10)
    assert done == [(1,)]
    process.send_signal(signal.SIGCONT)
    raw.lpush("luffy:test:go", 1)
    assert process.says() == "finished"  # a second time, and nobody could know
    wait.perform_queue(2)
    assert process.says() == "began"
    process.kill()
    process.wait(10)
    Processor.start(1)
    join(backend)
    assert done == [(1,), (2,)]
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}


def test_a_job_that_takes_longer_than_a_heartbeat_lasts_is_not_given_to_another(
    backend, monkeypatch, gated, gate, done, raw, join, eventually
):
    monkeypatch.setattr(RedisBackend, "beat_every", 0.1)
    monkeypatch.setattr(RedisBackend, "gone_after", 0.8)
    Processor.start(1)
    gated.perform_queue(1)
    assert gated.began.wait(10)
    ((_, first),) = raw.zrange("luffy:queue:hearts", 0, -1, withscores=True)
    other = RedisBackend()

    def two_lives_later():
        other.recover()
        assert (other.qsize(), len(other.in_flight())) == (0, 1)
        return other.now() > first + RedisBackend.gone_after

    eventually(two_lives_later)
    gate.set()
    join(backend)
    assert done == [(1,)]


def test_a_job_is_put_back_only_after_the_heartbeat_of_who_has_it_has_stopped(backend, note, raw):
    note.perform_queue(1)
    other = RedisBackend()
    other.get(timeout=5)
    backend.recover()
    assert (backend.qsize(), len(backend.in_flight())) == (0, 1)
    go(other, raw)
    backend.recover()
    assert (backend.qsize(), backend.in_flight()) == (1, [])


def test_there_is_a_heartbeat_before_the_first_job_is_in_hand(backend, note, raw, monkeypatch):
    note.perform_queue(1)
    heartbeats = []
    blmove = backend.redis.blmove
    monkeypatch.setattr(
        backend.redis, "blmove", lambda *args: heartbeats.append(raw.zcard(backend.heartbeats)) or blmove(*args)
    )
    backend.get(timeout=5)
    assert heartbeats == [1]
    assert 0 < raw.zscore(backend.heartbeats, key(backend)) - backend.now() <= backend.gone_after


def test_the_list_of_one_that_is_gone_is_remembered_for_a_week(backend, note, raw):
    other = RedisBackend()
    with pytest.raises(queue.Empty):
        other.get(block=False)
    now = backend.now()
    days = {key(other): 6.9, "luffy:queue:in_flight:old": 7.1}
    raw.zadd(backend.heartbeats, {one: now - some * 24 * 60 * 60 for one, some in days.items()})
    backend.recover()
    assert raw.zrange(backend.heartbeats, 0, -1) == [key(other).encode()]
    note.perform_queue(1)
    other.get(block=False)  # it was only frozen
    backend.recover()
    assert backend.qsize() == 1


def test_jobs_are_put_back_once_although_many_put_them_back_at_once(backend, note, raw, aside):
    other = RedisBackend()
    for number in range(20):
        note.perform_queue(number)
        other.get(timeout=5)
    go(other, raw)
    everybody = threading.Barrier(8)

    def recover():
        one = RedisBackend()
        everybody.wait(10)
        one.recover()

    for future in [aside(recover) for _ in range(8)]:
        future.result(timeout=20)
    found = [json.loads(payload) for payload in raw.lrange(backend.key, 0, -1)]
    assert sorted(job["args"] for job in found) == [[number] for number in range(20)]
    assert {job["crashes"] for job in found} == {1}
    assert backend.in_flight() == []


def test_a_job_is_not_put_back_when_its_owner_beats_again_in_the_meantime(backend, note, raw, monkeypatch):
    note.perform_queue(1)
    other = RedisBackend()
    other.get(timeout=5)
    go(other, raw)
    left_behind, thawed = backend.left_behind, []

    def thaw(*args):
        other.beat(other.mine())
        thawed.append(args)
        return left_behind(*args)

    monkeypatch.setattr(backend, "left_behind", thaw)
    backend.recover()
    assert len(thawed) == 1
    assert (backend.qsize(), len(backend.in_flight())) == (0, 1)


def test_what_is_put_back_is_taken_next(backend, note, raw):
    note.perform_queue("left behind")
    other = RedisBackend()
    other.get(timeout=5)
    note.perform_queue("waits")
    go(other, raw)
    backend.recover()
    assert args_of([backend.get(timeout=5)]) == [["left behind"]]


def test_a_job_whose_processors_were_gone_three_times_is_dead(backend, note, done, raw, caplog, join):
    note.perform_queue("poison")
    for crashes in (1, 2, 3):
        other = RedisBackend()
        other.get(timeout=5)
        go(other, raw)
        backend.recover()
        if crashes < 3:
            (waits,) = raw.lrange(backend.key, 0, -1)
            assert json.loads(waits)["crashes"] == crashes
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 1}
    ((dead, since),) = raw.zrange("luffy:queue:dead", 0, -1, withscores=True)
    assert json.loads(dead).items() >= {"worker": "Note", "args": ["poison"], "crashes": 3}.items()
    assert abs(backend.now() - since) < 60
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert all("poison" in record.getMessage() and "gone" in record.getMessage() for record in caplog.records)
    Processor.start(1)
    join(backend)
    assert done == []


# What is in hand


def test_task_done_removes_that_job_at_once_and_no_other(backend, note, raw):
    for number in range(3):
        note.perform_queue(number)
        backend.get(timeout=5)
    for left in ([1, 2], [2], []):
        backend.task_done()
        assert sorted(args_of(backend.in_flight())) == [[number] for number in left]
    with pytest.raises(ValueError, match="too many times"):
        backend.task_done()
    assert raw.keys() == [b"luffy:queue:hearts"]


def test_task_done_removes_one_of_two_jobs_that_are_the_same(backend, note, raw):
    raw.lpush("luffy:queue", *[b'{"worker": "Note", "args": []}'] * 2)
    backend.get(timeout=5)
    backend.get(timeout=5)
    backend.task_done()
    assert len(backend.in_flight()) == 1
    backend.task_done()
    assert backend.in_flight() == []


def test_task_done_of_one_that_has_nothing_in_hand_is_refused(backend, note):
    note.perform_queue(1)
    RedisBackend().get(timeout=5)
    with pytest.raises(ValueError, match="too many times"):
        backend.task_done()
    assert len(backend.in_flight()) == 1


def test_a_processor_acknowledges_a_job_that_raises(backend, registry, join, caplog):
    class Fails(Worker):
        def perform(self):
            raise OSError("429")

    Fails.perform_queue()
    Processor.start(1)
    join(backend)
    assert "OSError: 429" in caplog.text
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}


def test_join_waits_for_what_others_have_in_hand(backend, note, aside):
    other = RedisBackend()
    note.perform_queue(1)
    other.get(timeout=5)
    joined = aside(backend.join)
    with pytest.raises(TimeoutError):
        joined.result(timeout=0.2)
    other.task_done()
    joined.result(timeout=10)


def test_each_queue_thread_and_backend_has_a_list_of_its_own(redis_url, note, aside, raw):
    class Other(RedisBackend):
        key = "luffy:other"

    backends = [RedisBackend(), RedisBackend(), Other(), Other()]
    everybody = threading.Barrier(5)

    def keys():
        everybody.wait(10)
        for backend in backends:
            with pytest.raises(queue.Empty):
                backend.get(block=False)
        return list(map(key, backends))

    found = [one for future in [aside(keys) for _ in range(5)] for one in future.result(timeout=20)]
    assert len(set(found)) == len(found) == 20
    assert all(re.fullmatch(r"luffy:(queue|other):in_flight:[0-9a-f]{24}", one) for one in found)
    assert {one.decode() for one in raw.zrange("luffy:queue:hearts", 0, -1)} == set(
        filter(re.compile("luffy:q").match, found)
    )
    assert raw.zcard("luffy:other:hearts") == 10


def test_pools_of_several_queues_in_one_process_do_each_their_own_jobs(redis_url, registry, join):
    class Other(RedisBackend):
        key = "luffy:other"

    done = []

    class Where(Worker):
        def perform(self, queue):
            done.append((queue, threading.current_thread()))

    pools = [backend.Pool(Processor, 2, backend).start() for backend in (RedisBackend(), Other())]
    try:
        for pool in pools:
            Luffy.backend = pool.backend
            for _ in range(5):
                Where.perform_queue(pool.backend.key)
        for pool in pools:
            join(pool.backend)
            assert pool.backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}
    finally:
        for pool in pools:
            pool.stop(timeout=10)
    assert len(done) == 10
    assert all(thread in pools[name == "luffy:other"].threads for name, thread in done)


FORKS = """
import os, threading
from luffy_lesson.step5_reliable_queue import RedisBackend

backend = RedisBackend()
def take(who):
    args = backend.get(timeout=5).payload.decode()
    print(who, backend.mine().key, args, sep="|", flush=True)
take("before")
if pid := os.fork():
    os.waitpid(pid, 0)
    take("parent")
else:
    take("child")
    os._exit(0)
"""


def test_a_forked_process_has_a_list_of_its_own(backend, note, environment, raw):
    for number in range(3):
        note.perform_queue(number)
    ran = subprocess.run([sys.executable, "-c", FORKS], env=environment, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    (_, before, _), (who, child, _), (_, parent, _) = (line.split("|") for line in ran.stdout.splitlines())
    assert who == "child"
    assert before == parent != child
    assert (raw.llen(parent), raw.llen(child)) == (2, 1)


# Replies that are lost


@pytest.fixture
def proxied(redis_url):
    """A proxy, and a backend behind it, with heartbeats that last for a minute."""
    with Proxy(redis_url) as proxy:
        Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        yield proxy, Luffy.backend


@pytest.mark.parametrize(("command", "options"), [(b"BLMOVE", {"timeout": 5}), (b"EVAL", {"block": False})])
def test_a_job_that_was_on_its_way_is_taken_again_after_a_lost_reply(proxied, note, raw, command, options):
    proxy, backend = proxied
    with pytest.raises(queue.Empty):
        backend.get(block=False)  # there is a heartbeat now
    note.perform_queue("lost")
    note.perform_queue("there")
    proxy.fail("drop", command)
    with pytest.raises(redis.ConnectionError):
        backend.get(**options)
    assert proxy.dropped.is_set()
    assert args_of(backend.in_flight()) == [["lost"]]
    assert args_of([backend.get(**options), backend.get(**options)]) == [["lost"], ["there"]]
    backend.task_done()
    backend.task_done()
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}


def test_what_comes_after_its_reply_was_given_up_is_not_lost(backend, note, raw, monkeypatch):
    with pytest.raises(queue.Empty):
        backend.get(block=False)
    old = key(backend)
    with monkeypatch.context() as broken:
        broken.setattr(backend.redis, "blmove", lambda *_: (_ for _ in ()).throw(redis.TimeoutError("late")))
        with pytest.raises(redis.TimeoutError):
            backend.get(timeout=1)
    with pytest.raises(queue.Empty):
        backend.get(block=False)
    assert key(backend) != old
    note.perform_queue("late")
    raw.lmove(backend.key, old, "RIGHT", "LEFT")
    raw.zadd(backend.heartbeats, {old: 1})
    backend.recover()
    assert args_of([backend.get(timeout=5)]) == [["late"]]


def test_a_processor_does_a_job_soon_after_its_reply_was_lost(proxied, note, done, caplog, join, eventually):
    proxy, backend = proxied
    note.perform_queue(1)
    proxy.fail("drop", b"BLMOVE")
    Processor.start(1)
    eventually(lambda: done)  # 15 seconds at most, and its heartbeat lasts for 60
    join(backend)
    assert done == [(1,)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    Processor.pool.stop(timeout=10)


def test_a_job_is_not_done_again_when_the_reply_to_its_acknowledgement_is_lost(proxied, note, done, caplog, join):
    proxy, backend = proxied
    note.perform_queue(1)
    proxy.fail("drop", b"LREM")
    Processor.start(1)
    assert proxy.dropped.wait(10)
    note.perform_queue(2)
    join(backend)
    assert done == [(1,), (2,)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    Processor.pool.stop(timeout=10)


def test_a_job_is_done_again_soon_when_its_acknowledgement_did_not_arrive(backend, note, done, monkeypatch, join):
    lost = []
    lrem = backend.redis.lrem

    def lose_the_first(*args):
        if not lost:
            lost.append(args)
            raise redis.ConnectionError("away")
        return lrem(*args)

    monkeypatch.setattr(backend.redis, "lrem", lose_the_first)
    note.perform_queue(1)
    Processor.start(1)
    join(backend)
    assert done == [(1,), (1,)]
    assert backend.in_flight() == []


# Pools


def test_stop_ends_the_keeper_too(backend, fast_beat):
    pool = Processor.start(2)
    assert [thread.name for thread in pool.threads] == ["Processor 0", "Processor 1", "Keeper"]
    assert all(thread.is_alive() for thread in pool.threads)
    pool.stop(timeout=10)
    assert not any(thread.is_alive() for thread in pool.threads)


def test_stop_does_not_wait_for_the_next_beat(backend):
    pool = Processor.start(1)
    assert pool.backend.beat_every == 10
    start = time.monotonic()
    pool.stop(timeout=9)
    assert time.monotonic() - start < 9


def test_stop_from_within_a_job_ends_all_threads(backend, fast_beat, registry, eventually):
    stopped = Future()

    class Stops(Worker):
        def perform(self):
            try:
                stopped.set_result(Processor.pool.stop(timeout=10))
            except BaseException as error:
                stopped.set_exception(error)

    pool = Processor.start(2)
    Stops.perform_queue()
    assert stopped.result(timeout=10) is None
    eventually(lambda: not any(thread.is_alive() for thread in pool.threads))
    assert backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0}


def test_a_keeper_outlasts_a_server_that_is_away(
    server, fast_beat, monkeypatch, gated, gate, done, caplog, eventually, join
):
    monkeypatch.setenv("REDIS_URL", server.start())
    backend = Luffy.backend = RedisBackend()
    pool = Processor.start(1)
    gated.perform_queue(1)
    assert gated.began.wait(10)
    server.stop()
    eventually(lambda: "Keeper" in {record.threadName for record in caplog.records})
    server.start()
    now = backend.now()
    until = now + backend.gone_after
    eventually(lambda: backend.redis.zrange(backend.heartbeats, 0, -1, withscores=True)[0][1] > until)
    gate.set()
    join(backend)
    assert (1,) in done
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    pool.stop(timeout=10)


def test_a_keeper_outlasts_what_else_goes_wrong(backend, fast_beat, monkeypatch, caplog, eventually):
    tried = []

    def recovering():
        tried.append(1)
        raise LookupError("a surprise")

    monkeypatch.setattr(backend, "recovering", recovering)
    Processor.start(1)
    eventually(lambda: len(tried) >= 3)
    assert "a surprise" in caplog.records[0].getMessage()


def test_a_processor_of_an_earlier_step_is_refused_with_a_sentence(backend):
    for earlier in (step3_memory_queue, step4_redis_queue):
        says = rf"^<RedisBackend .*> wants processors of its own step, .*step5.*{earlier.__name__}.*\.$"
        with pytest.raises(TypeError, match=says):
            earlier.Processor.start(1)


def test_a_backend_that_has_no_consumers_is_refused_with_a_sentence(redis_url):
    for earlier in (queue.Queue(), step4_redis_queue.RedisBackend()):
        Luffy.backend = earlier
        with pytest.raises(TypeError, match=r"^<.*> loses jobs: use the RedisBackend of .*step5_reliable_queue, or of"):
            Processor.start(1)


@pytest.mark.parametrize("count", [0, -1, 1.5, "2"])
def test_a_pool_needs_at_least_one_processor(backend, count):
    with pytest.raises(ValueError, match="at least one"):
        Pool(Processor, count, backend)


# On the wire


def test_each_job_has_an_id_of_24_hexadecimal_digits_and_no_two_have_the_same(backend, note, raw):
    for _ in range(100):
        note.perform_queue(3)
    jobs = [json.loads(payload) for payload in raw.lrange("luffy:queue", 0, -1)]
    assert all(re.fullmatch("[0-9a-f]{24}", job.pop("id")) for job in map(dict, jobs))
    assert len({job["id"] for job in jobs}) == 100
    assert {*jobs[0]} == {"worker", "args", "id"}


BYTES = '{"id":"x" ,  "args":[ ],"n":9007199254740993,"worker":"Note", "more": {"é": 1.0}}'.encode()


@pytest.mark.parametrize("payload", [BYTES, b'{"worker": "Note", "args": []}', b"\xff", b"[]", b""])
def test_a_job_that_is_put_back_is_the_same_byte_for_byte(backend, raw, payload):
    raw.lpush("luffy:queue", payload)
    job = backend.get(timeout=5)
    assert job == Message(payload)
    assert backend.put(job) == 1
    assert raw.lrange("luffy:queue", 0, -1) == [payload]
    assert backend.in_flight() == [job]


def test_a_job_of_another_program_gets_an_id_when_it_is_written_anew(backend, note, raw):
    raw.lpush("luffy:queue", b'{"worker": "Note", "args": [1], "more": "left alone"}')
    backend.get(timeout=5)
    go(backend, raw)
    RedisBackend().recover()
    job = json.loads(backend.get(timeout=5).payload)
    assert re.fullmatch("[0-9a-f]{24}", job.pop("id"))
    assert job == {"worker": "Note", "args": [1], "more": "left alone", "crashes": 1}


def test_an_id_stays_when_a_job_is_written_anew(backend, note, raw):
    note.perform_queue(1)
    before = json.loads(backend.get(timeout=5).payload)
    go(backend, raw)
    RedisBackend().recover()
    assert json.loads(backend.get(timeout=5).payload) == before | {"crashes": 1}


def test_jobs_of_other_programs_are_done(backend, note, done, raw, join):
    Processor.start(2)
    for number in range(10):
        raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [number]}))
    join(backend)
    assert sorted(done) == [(number,) for number in range(10)]


CRASHES = ['"x"', "null", "[]", "{}", "true", "-1e9", "-5", "1e999", "2.5", "NaN", "3", "1" + "0" * 4000]


@pytest.mark.parametrize("crashes", CRASHES, ids=lambda crashes: crashes[:9])
def test_crashes_that_make_no_sense_lose_no_job_and_hold_up_no_other(backend, note, raw, crashes):
    other = RedisBackend()
    raw.lpush("luffy:queue", f'{{"worker": "Note", "args": [1], "id": "a", "crashes": {crashes}}}')
    note.perform_queue(2)
    other.get(timeout=5)
    other.get(timeout=5)
    go(other, raw)
    backend.recover()
    assert backend.in_flight() == []
    found = raw.lrange("luffy:queue", 0, -1) + raw.zrange("luffy:queue:dead", 0, -1)
    assert sorted(json.loads(payload)["args"] for payload in found) == [[1], [2]]


@pytest.mark.parametrize("payload", [b"\xff\xfe\xfd", b"", b"[]", b"{", b"null", b"[" * 100_000, b"\x00"])
def test_what_is_no_job_is_put_back_byte_for_byte(backend, raw, payload):
    raw.lpush("luffy:queue", payload)
    backend.get(timeout=5)
    go(backend, raw)
    RedisBackend().recover()
    assert raw.lrange("luffy:queue", 0, -1) == [payload]
    assert backend.in_flight() == []


def test_a_job_that_came_unseen_is_not_forgotten_when_an_earlier_one_is_done(backend, note, monkeypatch):
    note.perform_queue("first")
    note.perform_queue("lost")
    backend.get(timeout=5)
    move = backend.redis.eval

    def lose(*args):
        move(*args)
        raise redis.ConnectionError("lost")

    monkeypatch.setattr(backend.redis, "eval", lose)
    with pytest.raises(redis.ConnectionError):
        backend.get(block=False)
    monkeypatch.undo()
    backend.task_done()
    assert b"lost" in backend.get(block=False).payload


def test_a_thread_that_no_keeper_beats_for_beats_when_it_takes(backend, note, raw, monkeypatch):
    with pytest.raises(queue.Empty):
        backend.get(block=False)
    consumer = backend.mine()
    raw.zadd(backend.heartbeats, {consumer.key: backend.now() - 8 * 24 * 60 * 60})
    other = RedisBackend()
    other.recover()
    assert raw.zscore(backend.heartbeats, consumer.key) is None  # after a week, it is forgotten
    monkeypatch.setattr(consumer, "beaten", consumer.beaten - backend.beat_every)
    note.perform_queue(1)
    backend.get(timeout=5)
    assert len(other.in_flight()) == 1
