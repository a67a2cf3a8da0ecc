"""Who takes a job owns it until it is done or given away. Whoever has it, it is neither lost nor done without need."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
import redis
from proxy import Proxy
from reliable import HEARTBEATS, SYSTEMS, leave_behind, steps
from servers import VALKEY, server

from luffy_lesson import step8_fast_queue, step9_queues
from luffy_lesson.step3_memory_queue import Luffy, Processor

pytestmark = pytest.mark.usefixtures("registry")
# Those that take batches: from one queue, and from several.
batches = pytest.mark.parametrize(
    ("system", "settings"),
    [(step8_fast_queue, {}), (step9_queues, {"queues": ["high", "default", "low"]})],
    ids=["step 8", "three queues"],
)


@pytest.fixture
def note(done, gate, registry):
    """Return a worker of a step: it notes its number, waits at the gate if that is 'gated', and fails if negative."""

    def make(system):
        class Note(system.Worker):
            retries = 0
            began = threading.Event()

            def perform(self, number, *_):
                if number == "gated":
                    Note.began.set()
                    assert gate.wait(30)
                done.append(number)
                if number != "gated" and number < 0:
                    raise RuntimeError("it fails")

        return Note

    return make


@pytest.fixture
def ahead(monkeypatch):
    """Let step 8 take all that it may, and give nothing back by itself."""
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_lasts", 1000.0)


def drained(backend):
    return {**backend.sizes(), "dead": 0} == dict.fromkeys(backend.sizes(), 0)


def expire(raw):
    """Let the heartbeats that there are be over, as when their processes stand still."""
    raw.zadd(HEARTBEATS, dict.fromkeys(raw.zrange(HEARTBEATS, 0, -1), time.time() - 60))


# Done once


@steps(5)
def test_what_was_finished_before_a_stop_is_not_done_again_by_a_user_with_few_rights(system, note, done, eventually):
    with server(VALKEY) as port, redis.Redis(port=port) as admin:
        admin.execute_command("ACL SETUSER luffy reset on >secret ~luffy:* +@all -@dangerous")
        Luffy.backend = backend = system.RedisBackend(redis.Redis(port=port, username="luffy", password="secret"))
        worker = note(system)
        for number in range(2000):
            worker.perform_queue(number)
        while not drained(backend):
            before = len(done)
            pool = system.Processor.start(2)
            eventually(lambda before=before: len(done) >= min(before + 150, 2000))
            pool.stop(timeout=10)
            assert backend.sizes()["in flight"] == 0
        assert sorted(done) == list(range(2000))


@pytest.mark.parametrize("system", [SYSTEMS[5], SYSTEMS[9]], ids=["step 5", "step 9"])
def test_a_process_that_puts_back_much_is_not_taken_for_gone_meanwhile(
    system, note, done, gate, raw, redis_url, eventually, join
):
    class Healthy(system.RedisBackend):
        beat_every, gone_after = 0.1, 2.0

    worker = note(system)
    with Proxy(redis_url) as proxy:
        Luffy.backend = backend = Healthy(redis.Redis.from_url(proxy.url))
        worker.perform_queue("gated")
        system.Processor.start(1)
        assert worker.began.wait(10)
        proxy.away = 0.01  # seconds
        leave_behind(raw, *[b'{"worker": "Note", "args": [%d]}' % number for number in range(400)])
        eventually(lambda: raw.llen("luffy:queue"))
        other = Healthy(redis.Redis.from_url(redis_url))
        deadline = time.monotonic() + 2 * Healthy.gone_after
        while time.monotonic() < deadline and raw.llen("luffy:queue") < 401:
            other.recover()
            time.sleep(0.05)  # so often another process looks
        assert [json.loads(job)["args"] for job in raw.lrange("luffy:queue", 0, -1)].count(["gated"]) == 0
        proxy.away = 0.0
        gate.set()
        join(backend)
        Processor.pool.stop(timeout=10)
    assert sorted(done, key=str) == sorted(["gated", *range(400)], key=str)


@steps(5)
def test_a_job_that_was_given_away_is_noticed_when_it_is_finished(
    system, note, done, gate, raw, redis_url, caplog, eventually
):
    Luffy.backend = system.RedisBackend()
    worker = note(system)
    worker.perform_queue("gated")
    system.Processor.start(1)
    assert worker.began.wait(10)
    (job,) = Luffy.backend.in_flight()
    number = json.loads(job.payload)["id"]

    def given_away():
        expire(raw)
        system.RedisBackend().recover()
        return raw.llen("luffy:queue") == 1

    eventually(given_away)  # the keeper may just beat for it
    caplog.clear()
    raw.delete("luffy:queue")  # nobody else does it meanwhile
    gate.set()
    eventually(lambda: [record for record in caplog.records if number in record.getMessage()])
    Processor.pool.stop(timeout=10)
    assert done == ["gated"]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


@steps(7)
def test_the_record_of_one_that_was_given_away_too_often_says_what_is_known(system, note, raw, redis_url):
    backend = Luffy.backend = system.RedisBackend()
    note(system).perform_queue(1)
    for _ in range(backend.most_crashes):
        backend.get(block=False)
        expire(raw)
        system.RedisBackend().recover()
    (dead,) = backend.dead()
    assert dead.failure["tries"] == backend.most_crashes
    assert not re.search(r"\bwas gone\b", dead.failure["message"])  # it may just have been busy


# Given back


@batches
def test_what_could_not_go_back_while_the_server_was_away_goes_back_when_it_is_there(
    system, settings, server, note, done, gate, ahead, caplog, eventually, monkeypatch
):
    server.start()
    monkeypatch.setenv("REDIS_URL", server.url)
    Luffy.backend = backend = system.RedisBackend(**settings)
    worker = note(system)
    worker.perform_bulk([[number] for number in range(200)])
    worker.perform_queue("gated")
    worker.perform_bulk([[number] for number in range(200, 350)])
    system.Processor.start(1)
    assert worker.began.wait(10)
    left = 350 - len(done)
    assert backend.redis.llen(backend.key) < left  # some stand behind the gate
    server.stop()
    backend.batch_lasts = 0.01  # seconds: so now they should go back
    caplog.clear()
    eventually(lambda: [record for record in caplog.records if record.threadName != "Processor 0"])
    server.start()
    other = system.RedisBackend(**settings)
    crew = system.Pool(system.Processor, 3, other).start()
    try:
        eventually(lambda: len(done) == 350)
        assert not gate.is_set()
        gate.set()
        eventually(lambda: drained(other))
    finally:
        crew.stop(timeout=10)
        gate.set()
        Processor.pool.stop(timeout=10)
    assert sorted(done, key=str) == sorted(["gated", *range(350)], key=str)


@steps(5)
def test_a_pool_that_was_stopped_leaves_no_heartbeat(system, note, raw, redis_url, eventually, done):
    Luffy.backend = system.RedisBackend()
    for _ in range(3):
        note(system).perform_queue(1)
        pool = system.Processor.start(2)
        eventually(lambda: drained(Luffy.backend))
        pool.stop(timeout=10)
    assert raw.zcard(HEARTBEATS) == 0
    assert raw.keys() == []


@steps(5)
def test_one_that_cannot_take_leaves_no_heartbeat_for_each_try(system, raw, redis_url):
    backend = system.RedisBackend()
    raw.set("luffy:queue", "no list")
    for _ in range(5):
        with pytest.raises(redis.ResponseError):
            backend.get(block=False)
    assert raw.zcard(HEARTBEATS) <= 1


# Batches


@batches
@pytest.mark.parametrize(
    "payload", [b'{"worker": "Note", "args": [%d], "id": "%d"}', b'{"worker": "Note", "args": [%d]}']
)
@pytest.mark.parametrize("failing", [0, 100, 150, 199])
def test_of_a_batch_with_failed_jobs_each_is_accounted_for(
    system, settings, payload, failing, note, done, gate, raw, redis_url, ahead, eventually
):
    Luffy.backend = backend = system.RedisBackend(**settings)
    worker = note(system)
    numbers = [*range(failing), -5, -5, *range(failing, 200), -5]
    raw.lpush("luffy:queue", *[payload % ((number,) * payload.count(b"%")) for number in numbers])
    worker.perform_queue("gated")
    worker.perform_bulk([[number] for number in range(200, 300)])
    pool = system.Processor.start(1)
    assert worker.began.wait(10)
    assert len(backend.dead()) == 3
    gate.set()
    eventually(lambda: drained(backend))
    pool.stop(timeout=10)
    assert done == [*numbers, "gated", *range(200, 300)]


@batches
@pytest.mark.parametrize(("way", "times"), [("drop", 3), ("hang", 1)])
def test_a_batch_whose_reply_was_lost_is_done(
    system, settings, way, times, note, done, raw, redis_url, eventually, monkeypatch
):
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_lasts", 1000.0)
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_most", 50)
    onlooker = system.RedisBackend(redis.Redis.from_url(redis_url), **settings)  # the proxy is to fail the processor
    with Proxy(redis_url) as proxy:
        Luffy.backend = system.RedisBackend(redis.Redis.from_url(proxy.url), **settings)
        system.Processor.start(1)
        for _ in range(times):
            proxy.fail(way, rb"luffy:queue:in_flight:\w+(.|\r\n)*\r\n50")  # 50 taken, and 50 acknowledged
            note(system).perform_bulk([[number] for number in range(500)])
            eventually(lambda: drained(onlooker))
            assert set(done) == set(range(500))
            assert len(done) <= 500 + 100
            done.clear()
        assert proxy.failed.total() == times
        Processor.pool.stop(timeout=10)


FROZEN = """
import importlib, json, os, signal, sys, time
from luffy_lesson.step8_fast_queue import Luffy, Worker

system = importlib.import_module(sys.argv[1])

class Backend(system.RedisBackend):
    beat_every, gone_after, batch_most, batch_lasts = 0.1, 1.0, 50, 1000.0

class Note(Worker):
    def perform(self, number):
        os.write(1, b"%d\\n" % number)
        if number == 120 and not frozen:  # in the middle of a batch
            frozen.append(number)
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.5)  # within which it stops: the kernel may get to this thread last

frozen = []
Luffy.backend = Backend(**json.loads(sys.argv[2]))
pool = system.Processor.start(1)
sys.stdin.read()
pool.stop(timeout=10)
"""


@batches
def test_an_owner_that_was_frozen_goes_on_and_acknowledges_nothing_of_others(
    system, settings, note, done, raw, redis_url, environment, tmp_path, eventually, monkeypatch
):
    worker = note(step8_fast_queue)
    Luffy.backend = backend = step8_fast_queue.RedisBackend()
    worker.perform_bulk([[number] for number in range(300)])
    said = tmp_path / "said"
    with said.open("wb") as file:
        command = [sys.executable, "-c", FROZEN, system.__name__, json.dumps(settings)]
        child = subprocess.Popen(command, env=environment, stdin=-1, stdout=file)
    try:
        os.waitpid(child.pid, os.WUNTRACED)  # it has stopped
        expire(raw)
        backend.recover()  # all that it had taken
        taken = [json.loads(backend.get(block=False).payload)["args"][0] for _ in range(3)]
        child.send_signal(signal.SIGCONT)
        eventually(lambda: raw.llen("luffy:queue") == 0)
        eventually(lambda: len(backend.in_flight()) == 3)  # those that the other one has, and who has them keeps them
        assert sorted(json.loads(job.payload)["args"][0] for job in backend.in_flight()) == sorted(taken)
        for _ in range(3):
            backend.task_done()
        child.communicate(timeout=20)
    finally:
        child.kill()
        child.communicate()
    numbers = [int(line) for line in said.read_bytes().split()]
    assert set(numbers) | set(taken) == set(range(300))
    assert len(numbers) <= 300 + 50
    assert drained(backend)
