"""Where something runs short: the server's memory, a process's own, threads, what one command may hold."""

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import threading
import time

import pytest
import redis
from reliable import SYSTEMS, leave_behind, outermost, steps
from servers import REDIS_6, REDIS_7, VALKEY, server

from luffy_lesson import step5_reliable_queue, step7_retries, step8_fast_queue, step9_queues
from luffy_lesson.step3_memory_queue import Luffy, Processor

pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def own(request):
    """A server of the test's own, as an administrator sees it."""
    with server(getattr(request, "param", VALKEY)) as port, redis.Redis(port=port) as admin:
        yield admin
        if Processor.pool:
            Processor.pool.stop(timeout=10)


def backend_on(system, admin, **settings):
    Luffy.backend = system.RedisBackend(redis.Redis(port=admin.get_connection_kwargs()["port"]), **settings)
    return Luffy.backend


# A server without memory


@pytest.mark.parametrize("system", [step5_reliable_queue, step8_fast_queue])
def test_a_queue_that_callers_have_filled_to_the_refusal_is_drained(system, own, done, eventually):
    class Note(system.Worker):
        def perform(self, number, padding):
            done.append(number)

    backend = backend_on(system, own)
    own.config_set("maxmemory", own.info("memory")["used_memory"] + 2_000_000)
    numbers = itertools.count()
    for padding in ("x" * 2000, ""):
        with contextlib.suppress(redis.OutOfMemoryError):
            while True:
                Note.perform_queue(next(numbers), padding)
    waiting = backend.qsize()
    system.Processor.start(2)
    eventually(lambda: len(done) == waiting)
    eventually(lambda: not any(backend.sizes().values()))
    assert sorted(done) == sorted(set(done))


@pytest.mark.parametrize("own", [VALKEY, REDIS_7, REDIS_6], indirect=True)
@pytest.mark.parametrize(
    "system", outermost({"step 5": step5_reliable_queue, "step 7": step7_retries, "step 8": step8_fast_queue})
)
def test_whatever_there_is_moves_on_while_the_server_has_no_memory_at_all(system, own, done, eventually):
    class Note(system.Worker):
        retries = 1

        @staticmethod
        def backoff(tries):
            return 0.0

        def perform(self, kind):
            done.append(kind)
            if kind == "always" or (kind == "at first" and done.count(kind) == 1):
                raise RuntimeError("it fails")

    backend = backend_on(system, own)
    expected = {"waits": 50, "left": 1}
    for kind in ["waits"] * 50:
        Note.perform_queue(kind)
    leave_behind(own, b'{"worker": "Note", "args": ["left"], "id": "left"}')
    if system is not step5_reliable_queue:
        Note.perform_queue("always")
        Note.perform_queue("at first")
        Note.perform_in(0, "due")
        expected |= {"always": 2, "at first": 2, "due": 1}
    own.config_set("maxmemory", 1)
    with pytest.raises(redis.OutOfMemoryError):
        Note.perform_queue("refused")
    system.Processor.start(2)
    dead = int("always" in expected)
    eventually(lambda: len(done) >= sum(expected.values()))
    eventually(lambda: sum(backend.sizes().values()) == backend.sizes()["dead"] == dead)
    assert {kind: done.count(kind) for kind in done} == expected
    if dead:
        assert backend.requeue(*backend.dead()) == 1
        eventually(lambda: done.count("always") == 4)
    own.config_set("maxmemory", 0)


@steps(5)
def test_what_is_taken_and_not_begun_goes_back_to_a_server_without_memory(system, own, gate, done, eventually, aside):
    began = threading.Event()

    class Note(system.Worker):
        def perform(self, number):
            if number == 100:
                began.set()
                assert gate.wait(30)
            done.append(number)

    backend = backend_on(system, own)
    backend.batch_lasts = 1000.0  # step 8 takes all that it may
    for number in range(200):
        Note.perform_queue(number)
    system.Processor.start(1)
    assert began.wait(15)
    own.config_set("maxmemory", 1)
    stopped = aside(Processor.pool.stop)
    eventually(lambda: own.llen("luffy:queue") >= 99)
    gate.set()
    stopped.result(timeout=10)
    assert done == list(range(101))
    assert backend.sizes()["in flight"] == 0
    own.config_set("maxmemory", 0)


JOB = b'{"worker": "Note", "args": [], "id": "1"}'
PLACES = {
    "waiting": lambda own: own.lpush("luffy:queue", JOB),
    "in a queue that has a name": lambda own: own.sadd("luffy:queues", "low") and own.lpush("luffy:queues:low", JOB),
    "left behind": lambda own: leave_behind(own, JOB),
    "scheduled": lambda own: own.zadd("luffy:queue:scheduled", {JOB: 1}),
    "to be tried again": lambda own: own.zadd("luffy:queue:retry", {JOB: 1}),
}


@pytest.mark.parametrize("put", PLACES.values(), ids=PLACES)
def test_who_comes_to_a_full_server_does_the_jobs_that_are_there(put, own, done, eventually):
    class Note(step9_queues.Worker):
        def perform(self):
            done.append(1)

    own.config_set("maxmemory", 1)
    with pytest.raises(redis.RedisError, match="The server is full"):
        backend_on(step9_queues, own)
    own.config_set("maxmemory", 0)
    put(own)
    own.config_set("maxmemory", 1)
    backend_on(step9_queues, own, queues=["default", "low"])
    step9_queues.Processor.start(1)
    eventually(lambda: done == [1])
    own.config_set("maxmemory", 0)


WAITING = [*((system, {}) for system in SYSTEMS.values()), (step9_queues, {"queues": ["high", "low"]})]


@pytest.mark.parametrize(("system", "settings"), WAITING, ids=[*(f"step {number}" for number in SYSTEMS), "two queues"])
def test_who_waits_for_jobs_on_a_server_without_memory_does_not_spin(system, settings, own):
    backend_on(system, own, **settings)
    own.config_set("maxmemory", 1)
    system.Processor.start(5)
    before = own.info("stats")
    time.sleep(0.5)  # as long as is counted
    after = own.info("stats")
    assert after["total_commands_processed"] - before["total_commands_processed"] < 300
    assert after["total_connections_received"] - before["total_connections_received"] < 10
    own.config_set("maxmemory", 0)


# A process without memory

LITTLE = """
import importlib, resource, sys

system = importlib.import_module(sys.argv[1])

class Note(system.Worker):
    def perform(self, word):
        system.say(word[:10])

system.Luffy.backend = backend = system.RedisBackend()
backend.beat_every, backend.gone_after = 0.1, 1.0
pool = system.Processor.start(1)
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + int(sys.argv[2]), -1))
system.say("ready")
sys.stdin.read()
"""
HUGE = b'{"worker": "Note", "args": ["%b"], "id": "huge"}' % (b"x" * 50_000_000)


@pytest.fixture
def little(redis_url, environment, tmp_path, eventually):
    """Start a process with one processor and little memory; return what reads what it has said."""
    children = []

    def start(system, megabytes):
        path = tmp_path / "said"
        with path.open("w") as said:
            command = [sys.executable, "-c", LITTLE, system.__name__, f"{megabytes}000000"]
            children.append(subprocess.Popen(command, env=environment, stdin=-1, stdout=said, stderr=-3))
        eventually(lambda: "ready" in path.read_text())
        child = children[-1]

        def said():
            if child.poll() == -signal.SIGSEGV:
                pytest.skip("the client, which is in C, crashed for want of memory")
            return [line.rpartition(" ")[2] for line in path.read_text().splitlines()[1:]]

        return said

    yield start
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process may have")
@pytest.mark.parametrize(
    ("system", "megabytes"),
    [
        (step5_reliable_queue, 60),  # so little that no command can be sent that names the job
        (step8_fast_queue, 60),
        (step8_fast_queue, 130),  # so little that it cannot be copied
        (step8_fast_queue, 40),  # so little that it cannot be read
    ],
)
def test_a_job_that_is_too_large_for_a_process_ends_no_processor(system, megabytes, little, raw, eventually):
    said = little(system, megabytes)
    raw.lpush("luffy:queue", HUGE, *[b'{"worker": "Note", "args": ["small"]}'] * 3)
    eventually(lambda: said().count("small") == 3)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process may have")
@pytest.mark.parametrize("system", [step5_reliable_queue, step8_fast_queue])
def test_a_job_that_is_too_large_for_a_process_keeps_no_other_from_being_put_back(system, little, raw, eventually):
    said = little(system, 60)
    small = b'{"worker": "Note", "args": ["small"]}'
    leave_behind(raw, small, HUGE, small)
    leave_behind(raw, small)
    eventually(lambda: said().count("small") == 3)


# Threads

THREADS = """
import importlib, json, queue, resource, sys, threading

STACK = 256 << 20
name, count, may = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
system = importlib.import_module(name)

class Note(system.Worker):
    def perform(self):
        done.set()

done = threading.Event()
system.Luffy.backend = getattr(system, "RedisBackend", queue.Queue)()
threading.stack_size(STACK)
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + may * STACK + STACK // 2, -1))
try:
    system.Processor.start(count)
    raised = ""
except Exception as error:
    raised = type(error).__name__
resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
alive = [thread.name for thread in threading.enumerate()]
Note.perform_queue()
early = done.wait(0.5)
pool = system.Processor.start(1)
late = done.wait(10)
pool.stop(timeout=10)
print(json.dumps([raised, alive, early, late]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process may have")
@pytest.mark.parametrize(
    ("name", "count", "may"),
    [
        ("step3_memory_queue", 4, 2),
        ("step5_reliable_queue", 1, 1),
        ("step7_retries", 4, 2),
        ("step7_retries", 1, 2),
        ("step8_fast_queue", 2, 2),
    ],
)
def test_a_pool_whose_threads_cannot_all_be_started_has_none(name, count, may, redis_url, environment):
    command = [sys.executable, "-c", THREADS, f"luffy_lesson.{name}", str(count), str(may)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == ["RuntimeError", ["MainThread"], False, True]


# What one command may hold


def test_a_batch_of_as_many_jobs_as_one_likes_is_taken(redis_url, raw, done, eventually, caplog, monkeypatch):
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_most", 20_000)
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_lasts", 1000.0)

    class Note(step8_fast_queue.Worker):
        def perform(self, number):
            done.append(number)

    Luffy.backend = step8_fast_queue.RedisBackend()
    Note.perform_bulk([[number] for number in range(30_000)])
    step8_fast_queue.Processor.start(1)
    eventually(lambda: len(done) >= 30_000)
    assert done == list(range(30_000))
    assert [record.message for record in caplog.records] == []


def test_a_batch_is_bounded_in_bytes_too(redis_url, raw, gate, done, eventually, monkeypatch):
    monkeypatch.setattr(step8_fast_queue.RedisBackend, "batch_lasts", 1000.0)

    class Note(step8_fast_queue.Worker):
        def perform(self, text):
            done.append(len(text))
            assert text or gate.wait(30)

    Luffy.backend = step8_fast_queue.RedisBackend()
    small, large = b'{"worker": "Note", "args": ["x"]}', b'{"worker": "Note", "args": ["%b"]}' % (b"x" * 100_000)
    raw.lpush("luffy:queue", *[small] * 600, *[large] * 150, b'{"worker": "Note", "args": [""]}', *[large] * 150)
    step8_fast_queue.Processor.start(1)
    eventually(lambda: 0 in done)  # after 150 large ones, and with more behind it
    (taken,) = raw.keys("luffy:queue:in_flight:*")
    assert sum(map(len, raw.lrange(taken, 0, -1))) < 8_000_000
    gate.set()
    eventually(lambda: len(done) == 901)
    assert Luffy.backend.qsize() == 0


@steps(7)
def test_a_failed_job_that_is_too_large_for_a_note_is_not_tried_for_ever(system, own, done, eventually):
    class Fails(system.Worker):
        retries = 1

        @staticmethod
        def backoff(tries):
            return 0.0

        def perform(self, text):
            done.append(len(text))
            raise RuntimeError("it fails")

    class Note(system.Worker):
        def perform(self):
            done.append("small")

    own.config_set("proto-max-bulk-len", 1 << 20)
    backend = backend_on(system, own)
    start, end = b'{"worker": "Fails", "args": ["', b'"], "id": "large"}'
    payload = start + b"x" * ((1 << 20) - len(start) - len(end)) + end
    own.lpush("luffy:queue", payload)
    Note.perform_queue()
    system.Processor.start(1)
    # What has noted that it was done is acknowledged a moment later.
    eventually(lambda: "small" in done and {place for place, count in backend.sizes().items() if count} == {"dead"})
    assert 1 <= len(done) - 1 <= 2
    assert sum(backend.sizes().values()) == 1
    (dead,) = backend.dead()
    assert json.loads(dead.job.payload)["id"] == "large"
    assert dead.failure["error"]


@steps(5)
def test_a_job_left_behind_that_is_too_large_for_a_note_keeps_no_other_from_being_put_back(
    system, own, done, eventually
):
    class Note(system.Worker):
        def perform(self, text):
            done.append(len(text))

    own.config_set("proto-max-bulk-len", 1 << 20)
    backend = backend_on(system, own)
    backend.beat_every = 0.1
    start, end = b'{"worker": "Note", "args": ["', b'"], "id": "large"}'
    small = b'{"worker": "Note", "args": ["x"]}'
    leave_behind(own, small, start + b"x" * ((1 << 20) - len(start) - len(end)) + end, small)
    leave_behind(own, small)
    system.Processor.start(1)
    eventually(lambda: done.count(1) == 3)
    eventually(lambda: backend.sizes()["in flight"] == 0)
