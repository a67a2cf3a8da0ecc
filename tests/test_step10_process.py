"""Step 10: what the registry tells of who works, what goes around each job, and how a pool ends at a deadline."""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import msgspec
import prometheus_client
import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from luffy_lesson import step10_process
from luffy_lesson.step10_process import (
    Busy,
    Luffy,
    Message,
    ProcessInfo,
    Processor,
    RedisBackend,
    TimeLimitExceeded,
    Worker,
    logged,
    metrics,
    middleware,
    time_limit,
)

STEP = step10_process
REGISTRY = ["luffy:queue:processes", "luffy:queue:processes:info", "luffy:queue:processes:told"]
pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture(autouse=True)
def no_middleware():
    """Each test begins and ends without."""
    assert middleware == []
    yield
    middleware.clear()


@pytest.fixture
def looks_often(monkeypatch):
    """Let pools look often what takes too long."""
    monkeypatch.setattr(RedisBackend, "look_every", 0.1)


def one(backend):
    """The one process that there is."""
    (info,) = backend.processes()
    return info


def write(raw, id, entry, seconds=60):
    """Write an entry, as anybody may."""
    raw.zadd(REGISTRY[0], {id: time.time() + seconds})
    raw.hset(REGISTRY[1], id, entry)


def entry(id="host:1:abc", **changes):
    """An entry as a pool writes it."""
    fields = {"id": id, "host": "host", "pid": 1, "queues": {"default": None}, "concurrency": 2, "started": 1e9}
    return msgspec.json.encode(ProcessInfo(**(fields | {"quiet": False, "busy": []} | changes)))


# The registry


def test_a_pool_is_in_the_registry_while_it_runs(backend, raw, eventually):
    assert backend.processes() == []
    before = raw.time()[0]
    pool = Processor.start(3)
    eventually(backend.processes)
    info = one(backend)
    assert info.id == pool.id
    assert info.id.startswith(f"{info.host}:{os.getpid()}:")
    assert (info.pid, info.queues, info.concurrency) == (os.getpid(), {"default": None}, 3)
    assert (info.quiet, info.busy) == (False, [])
    assert before <= info.started <= raw.time()[0] + 1
    pool.stop(timeout=10)
    assert raw.keys("luffy:*") == []


def test_two_pools_of_a_process_have_an_entry_each_the_oldest_first(backend, eventually):
    pools = [step10_process.Pool(Processor, count, backend).start() for count in (1, 2)]
    try:
        eventually(lambda: len(backend.processes()) == 2)
        assert [info.started for info in backend.processes()] == sorted(info.started for info in backend.processes())
        assert {info.id for info in backend.processes()} == {pool.id for pool in pools}
    finally:
        for pool in pools:
            pool.stop(timeout=10)


def test_it_tells_which_job_is_in_hand_since_when(backend, fast_beat, gated, gate, raw, eventually):
    Processor.start(2)
    before = raw.time()[0]
    gated.perform_queue(7)
    eventually(lambda: backend.processes() and one(backend).busy)
    (busy,) = one(backend).busy
    assert busy.processor in ("Processor 0", "Processor 1")
    assert busy.job == backend.in_flight()[0]
    assert before <= busy.since <= raw.time()[0] + 1
    gate.set()
    eventually(lambda: one(backend).busy == [])


@pytest.mark.parametrize("count", [1, 64])
def test_of_a_large_job_it_tells_the_beginning(backend, gated, gate, count):
    gated.perform_queue("x" * 10_000)
    pool = step10_process.Pool(Processor, count, backend)
    consumer = pool.processors[0].consumer
    message = consumer.get(timeout=5)
    (busy,) = pool.entry.info().busy
    assert len(busy.job.payload) == {1: 2048, 64: 1024}[count]
    assert message.payload.startswith(busy.job.payload)
    consumer.close()


def test_what_is_done_quickly_is_not_in_hand_afterwards(backend, fast_beat, note, join, eventually):
    note.perform_bulk([[number] for number in range(500)])
    pool = Processor.start(2)
    join(backend)
    assert [processor.consumer.performing() for processor in pool.processors] == [None, None]


def test_a_pool_that_is_quiet_stays_until_it_is_stopped(backend, looks_often, note, raw, eventually):
    pool = Processor.start(2)
    eventually(backend.processes)
    pool.quiet()
    for processor in pool.processors:
        processor.thread.join(10)
    eventually(lambda: one(backend).quiet)
    pool.threads[-1].join(0.5)
    assert one(backend).quiet
    note.perform_queue(1)
    assert backend.qsize() == 1
    pool.stop(timeout=10)
    assert backend.processes() == []


HELD_UP = """
import os, signal
held = []
os.register_at_fork(before=lambda: held.append(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))))  # as the last one
from luffy_lesson.step10_process import Signals

def fork():
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)

fork()
signals = Signals(signal.SIGTSTP, signal.SIGTERM, signal.SIGINT)
signals.listen()
fork()
print([[number.name for number in numbers] for numbers in held])
"""


def test_while_a_thread_forks_only_what_is_listened_for_is_held_up(environment):
    """A Ctrl-C for another program's child was lost: RQ's pool then waited for that worker for ever."""
    done = subprocess.run([sys.executable, "-c", HELD_UP], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[[], ['SIGINT', 'SIGTERM', 'SIGTSTP']]\n", "")


def test_a_quiet_pool_keeps_no_script_from_ending(redis_url, environment):
    program = "from luffy_lesson.step10_process import *; Luffy.backend = RedisBackend(); Processor.start(1).quiet()"
    assert subprocess.run([sys.executable, "-c", program], env=environment, timeout=20).returncode == 0
    assert RedisBackend().processes() == []


@pytest.mark.parametrize("what", ["quiet", "stop"])
def test_a_pool_can_be_told_through_the_registry(backend, fast_beat, gated, gate, raw, eventually, what):
    gated.perform_queue(1)
    pool = Processor.start(2)
    assert gated.began.wait(10)
    eventually(lambda: backend.processes() and one(backend).busy)
    assert backend.tell(pool.id, what)
    eventually(lambda: one(backend).quiet)
    assert one(backend).busy
    gate.set()
    eventually(lambda: not any(processor.thread.is_alive() for processor in pool.processors))
    if what == "quiet":
        assert one(backend).quiet
        backend.tell(pool.id, "stop")
    eventually(lambda: not any(thread.is_alive() for thread in pool.threads))
    assert raw.keys("luffy:*") == []


def test_who_is_not_there_can_be_told_nothing(backend, raw):
    assert not backend.tell("host:1:abc", "quiet")
    write(raw, "host:1:abc", entry(), seconds=-1)
    assert not backend.tell("host:1:abc", "quiet")
    with pytest.raises(ValueError, match=r'"quiet" or "stop", not \'hurry\''):
        backend.tell("host:1:abc", "hurry")
    assert raw.exists(REGISTRY[2]) == 0


def test_a_word_is_obeyed_once_although_an_answer_is_lost(backend, eventually, monkeypatch):
    obeyed = []
    pool = step10_process.Pool(Processor, 1, backend)
    monkeypatch.setattr(pool, "obey", obeyed.append)
    pool.exchange()
    backend.tell(pool.id, "quiet")
    with monkeypatch.context() as lost:
        lost.setattr(backend, "report", lambda *args: RedisBackend.report(backend, *args) and 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pool.exchange()
    for _ in range(3):
        pool.exchange()
    backend.tell(pool.id, "stop")
    for _ in range(3):
        pool.exchange()
    assert obeyed == ["quiet", "stop"]
    pool.entry.remove()


def test_an_entry_ends_by_the_servers_clock_and_others_delete_it(backend, raw, eventually):
    write(raw, "host:1:abc", entry(), seconds=1)
    raw.hset(REGISTRY[2], "host:1:abc", "quiet")
    assert one(backend).id == "host:1:abc"
    eventually(lambda: backend.processes() == [])
    assert raw.hlen(REGISTRY[1]) == 1
    pool = Processor.start(1)
    eventually(lambda: [info.id for info in backend.processes()] == [pool.id])
    assert raw.hlen(REGISTRY[1]) == raw.zcard(REGISTRY[0]) == 1
    assert raw.hlen(REGISTRY[2]) == 0


def test_the_last_to_leave_deletes_what_is_over_too(backend, raw, eventually):
    backend.report_every = backend.beat_every = 60.0
    pool = Processor.start(1)
    eventually(backend.processes)
    write(raw, "host:1:abc", entry(), seconds=0.5)  # of one that was killed
    raw.hset(REGISTRY[2], "host:1:abc", "quiet")
    eventually(lambda: [info.id for info in backend.processes()] == [pool.id])
    assert raw.hlen(REGISTRY[1]) == 2
    pool.entry.remove()  # as at a deadline: without another report
    assert raw.exists(*REGISTRY) == 0


CHILD = """
import os, sys, time
from luffy_lesson.step10_process import Luffy, Processor, RedisBackend

Luffy.backend = RedisBackend(beat_every=0.1, gone_after=5.0)
pool = Processor.start(1)
while not Luffy.backend.processes():
    time.sleep(0.01)
pid = os.fork()
if pid == 0:
    pool.quiet()
    pool.stop(timeout=5)
    os._exit(0)
os.waitpid(pid, 0)
time.sleep(0.5)  # five reports
(info,) = Luffy.backend.processes()
print(info.pid == os.getpid(), info.quiet, flush=True)
if sys.argv[1] == "dies":
    os.kill(os.getpid(), 9)
pool.stop(timeout=5)
"""


@pytest.mark.parametrize("end", ["stops", "dies"])
def test_a_forked_child_does_not_touch_its_parents_entry(redis_url, raw, environment, end):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, end], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "True False\n", done.stderr
    left = raw.zrange(REGISTRY[0], 0, -1)
    assert (done.returncode, len(left)) == {"stops": (0, 0), "dies": (-signal.SIGKILL, 1)}[end]
    for name in left:
        raw.zincrby(REGISTRY[0], -5.0, name)  # as if its time had gone by
    assert RedisBackend().processes() == []


def test_no_job_suffers_when_the_registry_cannot_be_written(backend, fast_beat, note, done, raw, caplog, eventually):
    raw.set(REGISTRY[0], "no sorted set")
    Processor.start(1)
    note.perform_queue(1)
    eventually(lambda: done)
    eventually(lambda: "the registry does not know" in caplog.text)
    raw.delete(REGISTRY[0])
    eventually(backend.processes)


HOSTILE = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ENTRIES = st.tuples(
    st.just("abc") | JSON, JSON | st.text(), st.integers() | JSON, JSON, JSON | st.just(1), st.floats() | JSON,
    st.booleans() | JSON, st.lists(st.tuples(st.text(), st.lists(st.text()) | JSON, st.floats() | JSON)) | JSON,
)  # fmt: skip


@HOSTILE
@given(written=st.binary(max_size=50) | ENTRIES.map(lambda one: json.dumps(one).encode()))
@example(written=b"[" * 100_000)
@example(written=b'["abc"' + b"," * 300_000)
@example(written=b'["abc","h",' + b"9" * 5000 + b",{},1,1,false,[]]")
@example(written=b'["abc","h",1,{},1,1e300,false,[]]')
@example(written=b'["abc","h\\ud800",1,{},1,1,false,[]]')
@example(written=b'["abc","h",1,{"q":NaN},1,1,false,[]]')
@example(written=b'["other","h",1,{},1,1,false,[]]')
def test_what_anybody_writes_into_the_registry_breaks_no_reader(backend, raw, written):
    write(raw, "abc", written)
    write(raw, b"\xff\x00", written)
    write(raw, "host:1:abc", entry())
    found = backend.processes()
    assert "host:1:abc" in [info.id for info in found]
    for info in found:
        assert info.id in ("abc", "host:1:abc")
        str(info).encode()
        time.gmtime(info.started)
        assert 0 <= info.pid < 2**63
    raw.delete(*REGISTRY)


def test_what_anybody_tells_a_pool_is_ignored_unless_it_is_a_word(backend, fast_beat, raw, note, done, eventually):
    pool = Processor.start(1)
    eventually(backend.processes)
    raw.hset(REGISTRY[2], pool.id, b"\xff")
    reports = raw.zscore(REGISTRY[0], pool.id)
    eventually(lambda: raw.zscore(REGISTRY[0], pool.id) > reports + 0.3)
    note.perform_queue(1)
    eventually(lambda: done)
    assert not one(backend).quiet


# The deadline


def test_what_is_in_hand_goes_back_to_be_taken_next_and_is_acknowledged_by_nobody_else(
    backend, gated, gate, note, done, raw, caplog
):
    gated.perform_queue("first")
    note.perform_queue("second")
    pool = Processor.start(1)
    assert gated.began.wait(10)
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0.1)
    assert pool.give_back() == 1
    assert [json.loads(job)["args"] for job in raw.lrange("luffy:queue", 0, -1)] == [["second"], ["first"]]
    assert backend.sizes()["in flight"] == 0
    gate.set()
    pool.stop(timeout=10)
    assert done == [("first",)]
    assert backend.qsize() == 2
    assert caplog.text == ""


def test_what_was_finished_is_not_given_back(backend, gated, gate, note, done, raw, eventually, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    note.perform_bulk([[number] for number in range(50)])
    pool = Processor.start(1)
    eventually(lambda: len(done) == 50)
    note.perform_bulk([[number] for number in range(50, 70)])
    gated.perform_queue("gated")
    note.perform_queue("after")
    assert gated.began.wait(10)
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0.1)
    assert pool.give_back() == 1
    waiting = [json.loads(job)["args"][0] for job in reversed(raw.lrange("luffy:queue", 0, -1))]
    assert waiting == ["gated", "after"]
    gate.set()
    pool.stop(timeout=10)


@pytest.mark.parametrize("queues", [["default"], ["default", "low"]])
def test_a_job_that_ends_while_it_is_given_back_is_no_error(redis_url, gated, gate, caplog, monkeypatch, queues):
    Luffy.backend = RedisBackend(queues=queues)
    gated.perform_queue()
    pool = Processor.start(1)
    assert gated.began.wait(10)
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0.1)
    (processor,) = pool.processors
    close = processor.consumer.close

    def close_and_let_it_end():
        monkeypatch.undo()
        close()
        gate.set()
        processor.thread.join(10)

    monkeypatch.setattr(processor.consumer, "close", close_and_let_it_end)
    assert pool.give_back() == 1
    pool.stop(timeout=10)
    assert Luffy.backend.qsize() == 1
    assert caplog.text == ""


def test_an_idle_pool_has_nothing_to_give_back(backend):
    pool = Processor.start(2)
    assert pool.give_back() == 0


def test_without_a_server_nothing_can_be_given_back_and_that_is_said(backend, gated, gate, monkeypatch):
    gated.perform_queue()
    pool = Processor.start(1)
    assert gated.began.wait(10)

    def away(*args):
        raise redis.ConnectionError("away")

    with monkeypatch.context() as broken:
        broken.setattr(RedisBackend, "give_back", away)
        with pytest.raises(redis.ConnectionError):
            pool.give_back()
    gate.set()


@pytest.fixture
def two_queues(redis_url, registry):
    """A backend that takes from two queues, and a worker of each that waits at the gate."""
    Luffy.backend = RedisBackend(queues={"high": 3, "low": 1})
    return Luffy.backend


@pytest.mark.parametrize("fails", [False, True])
def test_each_job_goes_back_to_its_own_queue(two_queues, gate, raw, registry, eventually, fails):
    class High(Worker):
        queue = "high"

        def perform(self):
            assert gate.wait(30)
            assert not fails

    class Low(High):
        queue = "low"

    pool = Processor.start(2)
    High.perform_queue()
    Low.perform_queue()
    eventually(lambda: len(pool.entry.busy()) == 2)
    eventually(lambda: [info.queues for info in two_queues.processes()] == [{"high": 3, "low": 1}])
    with pytest.raises(TimeoutError):
        pool.stop(timeout=0.1)
    assert pool.give_back() == 2
    assert two_queues.lengths() == {"high": 1, "low": 1, "default": 0}
    gate.set()
    pool.stop(timeout=10)
    assert two_queues.lengths() == {"high": 1, "low": 1, "default": 0}
    assert two_queues.sizes() | {"waiting": 2, "in flight": 0, "dead": 0, "retrying": 0} == two_queues.sizes()


OWN_HANDLERS = """
import os, signal, threading
from luffy_lesson.step10_process import Luffy, Process, Processor, RedisBackend

process = Process()
process.listen()
"""
OF_THE_WORKERS = """
signal.signal(signal.SIGUSR1, lambda *_: print("heard", flush=True))
Luffy.backend = RedisBackend()
pool = Processor.start(1)
threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGUSR1]).start()
stop = threading.Timer(1, process.add, [signal.SIGTERM])
stop.start()
print(process.run(pool), stop.is_alive())
"""
OF_A_CHILD = """
ready, child_is = os.pipe()
if (child := os.fork()) == 0:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
    os.write(child_is, b"ready")
    signal.pause()
os.read(ready, 5)
os.kill(child, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), process.next(0))
"""


@pytest.mark.parametrize(("program", "says"), [(OF_THE_WORKERS, "heard\n0 False\n"), (OF_A_CHILD, "7 None\n")])
def test_a_signal_that_somebody_else_handles_stops_no_process(redis_url, environment, program, says):
    command = [sys.executable, "-c", OWN_HANDLERS + program]
    assert subprocess.run(command, env=environment, timeout=20, text=True, stdout=subprocess.PIPE).stdout == says


def test_queues_in_strict_order_have_no_weights(redis_url, eventually):
    Luffy.backend = RedisBackend(queues=["high", "low"])
    Processor.start(1)
    eventually(lambda: [info.queues for info in Luffy.backend.processes()] == [{"high": None, "low": None}])


# Middleware


def test_what_is_late_gets_to_no_middleware_and_what_is_unique_does(perform, registry, backend, raw, done):
    class Only(Worker):
        unique_for = 60.0

        def perform(self, number):
            done.append(number)

    class Late(Only):
        unique_for = None
        expires_in = 0.001

    middleware.append(lambda job, perform: perform(job._replace(args=("changed",))))
    Late.perform_queue(1)
    time.sleep(0.01)
    assert perform(Only, [2]) == ["changed"]
    assert backend.expired() == 1
    assert Only.perform_queue(2) == 1  # it is over, so another may come


@pytest.fixture
def perform(backend, done, join):
    """Let a processor do jobs; return what was done."""

    def perform(worker, *jobs):
        for args in jobs:
            worker.perform_queue(*args)
        pool = Processor.start(1)
        join(backend)
        pool.stop(timeout=10)
        return done

    return perform


def test_middleware_goes_around_each_job_the_outermost_first(perform, note):
    order = []

    def layer(name):
        def around(job, perform):
            order.append(f"{name} begins")
            result = perform()
            order.append(f"{name} ends")
            return result

        return around

    middleware[:] = [layer("outer"), layer("inner")]
    assert perform(note, [1]) == [(1,)]
    assert order == ["outer begins", "inner begins", "inner ends", "outer ends"]


def test_middleware_sees_the_worker_the_arguments_and_what_the_payload_says(perform, note, backend):
    seen = []
    middleware.append(lambda job, perform: seen.append(job) or perform())
    perform(note, [1, "two"])
    (job,) = seen
    assert (job.worker, job.args) == (note, (1, "two"))
    assert job.fields["id"] == job.id
    assert len(job.id) == 24
    assert str(job) == f"Note {job.id}"


def test_middleware_may_skip_a_job_which_is_then_done(perform, note, backend):
    middleware.append(lambda job, perform: None if job.args == (1,) else perform())
    assert perform(note, [1], [2]) == [(2,)]
    assert set(backend.sizes().values()) == {0}


def test_middleware_may_change_a_job(perform, note):
    middleware.append(lambda job, perform: perform(job._replace(args=("changed",))))
    middleware.append(lambda job, perform: perform(job._replace(args=(*job.args, "twice"))))
    assert perform(note, [1]) == [("changed", "twice")]


def test_middleware_gives_back_what_the_job_returns(backend, registry):
    class Adds(Worker):
        def perform(self, one, two):
            return one + two

    middleware.append(lambda job, perform: perform() * 10)
    Adds.perform_queue(1, 2)
    assert backend.get(timeout=5).perform() == 30
    assert Adds.perform_now(1, 2) == 3


def test_what_middleware_raises_is_the_failure_of_the_job(perform, note, backend):
    middleware.append(lambda job, perform: 1 / 0)
    assert perform(note, [1]) == []
    ((_, job),) = backend.retrying()
    assert json.loads(job.payload)["failure"]["error"] == "ZeroDivisionError"


def test_what_is_no_job_does_not_get_to_the_middleware(perform, note, backend, raw):
    middleware.append(lambda job, perform: pytest.fail("it got there"))
    raw.lpush("luffy:queue", b"\xff", b'{"worker": "Unheard", "args": []}')
    perform(note)
    assert (backend.sizes()["dead"], backend.sizes()["retrying"]) == (1, 1)


def test_a_change_of_the_middleware_holds_from_the_next_job_on(backend, note, done, eventually):
    Processor.start(1)
    note.perform_queue(1)
    eventually(lambda: done == [(1,)])
    middleware.append(lambda job, perform: perform(job._replace(args=("changed",))))
    note.perform_queue(2)
    eventually(lambda: done == [(1,), ("changed",)])


# Time limits


@pytest.fixture
def endless(registry, done):
    """A worker that works for ever, in Python."""

    class Endless(Worker):
        def perform(self, how):
            while True:
                try:
                    while True:
                        done.append(time.monotonic())
                        time.sleep(0.01)
                except Exception:
                    done.clear()

    return Endless


def test_a_job_that_takes_too_long_fails_and_is_tried_again(backend, endless, note, done, raw, eventually):
    middleware.append(time_limit(0.1))
    Processor.start(1)
    endless.perform_queue("it catches every Exception")
    eventually(lambda: backend.sizes()["retrying"] == 1)
    ((_, job),) = backend.retrying()
    failure = json.loads(job.payload)["failure"]
    assert failure["error"] == "TimeLimitExceeded"
    assert failure["message"].endswith(f"Endless {json.loads(job.payload)['id']} took longer than 0.1 s")
    done.clear()
    note.perform_queue("after it")
    eventually(lambda: done == [("after it",)])


def test_an_error_on_its_way_is_never_taken_back(endless, looks_often, eventually, backend, monkeypatch):
    raised, given = ctypes.pythonapi.PyThreadState_SetAsyncExc, []

    def spy(thread, error):
        given.append(error)
        return raised(thread, error)

    monkeypatch.setattr(ctypes.pythonapi, "PyThreadState_SetAsyncExc", spy)
    middleware.append(time_limit(0.1))
    Processor.start(1)
    endless.perform_queue("it catches every Exception")
    eventually(lambda: backend.sizes()["retrying"] == 1)
    assert given
    assert None not in given  # CPython 3.11 to 3.13 then looks for an error at each turn of a loop, and 3.11 crawls


def test_a_call_into_c_ends_first(backend, looks_often, registry, eventually):
    times = []

    class Sleeps(Worker):
        def perform(self):
            times.append(time.monotonic())
            try:
                time.sleep(1)
            finally:
                times.append(time.monotonic())

    middleware.append(time_limit(0.1))
    Processor.start(1)
    Sleeps.perform_queue()
    eventually(lambda: backend.sizes()["retrying"] == 1)
    assert times[1] - times[0] >= 1


def test_who_is_in_time_is_not_interrupted_then_or_later(backend, looks_often, registry, done, join):
    class Quick(Worker):
        retries = 0

        def perform(self, number):
            if number % 40 == 0:
                end = time.monotonic() + 0.21  # when the limit ends, or just after it
                while time.monotonic() < end:
                    pass
            done.append(number)

    middleware.append(time_limit(0.2))
    Quick.perform_bulk([[number] for number in range(400)])
    pool = Processor.start(2)
    join(backend)
    pool.stop(timeout=10)
    assert {dead.failure["error"] for dead in backend.dead()} <= {"TimeLimitExceeded"}
    assert len(done) + backend.sizes()["dead"] >= 400
    assert step10_process.Limit.running == {}


def test_limits_start_no_threads(note, perform, monkeypatch):
    begun, start = [], threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda thread: begun.append(thread.name) or start(thread))
    middleware.append(time_limit(10))
    perform(note, *[[number] for number in range(5)])
    assert sorted(name for name in begun if "run" not in name) == ["Keeper", "Poller", "Processor 0", "Reporter"]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), "5", None])
def test_a_limit_that_is_no_time_is_refused(seconds):
    with pytest.raises(ValueError, match="A time limit is a number of seconds greater than 0, not"):
        time_limit(seconds)


def test_time_limit_exceeded_is_no_exception_that_a_job_would_catch():
    assert not issubclass(TimeLimitExceeded, Exception)


# What is brought along


def test_the_log_tells_of_a_job_by_its_id_and_not_its_arguments(perform, note, caplog, backend):
    caplog.set_level(logging.INFO, logger=step10_process.__name__)
    middleware[:] = [logged, lambda job, perform: 1 / 0 if job.args == ("bad",) else perform()]
    perform(note, ["good"], ["bad"])
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    number = json.loads(backend.retrying()[0][1].payload)["id"]
    assert len(lines) == 4
    assert lines[0].startswith("Note ")
    assert lines[0].endswith(" begins")
    assert " is done after 0." in lines[1]
    assert lines[2:] == [f"Note {number} begins", lines[3]]
    assert lines[3].startswith(f"Note {number} failed with ZeroDivisionError after 0.")
    assert "good" not in "".join(lines)


def test_metrics_count_jobs_and_time_them(perform, note):
    middleware[:] = [metrics, lambda job, perform: 1 / 0 if job.args == ("bad",) else perform()]
    value = prometheus_client.REGISTRY.get_sample_value

    def counts():
        done = [value("luffy_jobs_total", {"worker": "Note", "outcome": each}) or 0 for each in ("done", "failed")]
        return [*done, value("luffy_job_seconds_count", {"worker": "Note"}) or 0]

    before = counts()
    perform(note, [1], [2], ["bad"])
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [2, 1, 3]


def test_the_step_needs_no_prometheus(environment):
    program = "import sys; sys.modules['prometheus_client'] = None; import luffy_lesson.step10_process"
    assert subprocess.run([sys.executable, "-c", program], env=environment, timeout=60).returncode == 0


def test_busy_and_process_info_can_be_read_from_what_is_written():
    info = ProcessInfo("a", "h", 1, {"high": 3.0, "low": 1.0}, 1, 1e9, True, [Busy("P", Message(b"\xff{"), 1e9)])
    assert ProcessInfo.read(b"a", msgspec.json.encode(info)) == info
    assert ProcessInfo.read(b"b", msgspec.json.encode(info)) is None


def test_what_comes_from_another_step_is_performed_through_the_middleware_too(backend, raw, note, done, eventually):
    middleware.append(lambda job, perform: perform(job._replace(args=("changed",))))
    raw.lpush("luffy:queue", '{"worker": "Note", "args": [1]}')
    Luffy.backend = backend
    Processor.start(1)
    eventually(lambda: done == [("changed",)])
