"""The server's clock is set, while jobs wait, are in flight, and are scheduled. None is lost."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis
from reliable import HEARTBEATS, leave_behind, steps
from servers import VALKEY, server

from luffy_lesson.step3_memory_queue import Luffy

HOUR = 3600  # seconds
pytestmark = [
    pytest.mark.usefixtures("registry"),
    pytest.mark.skipif(sys.platform != "linux" or not shutil.which("cc"), reason="moves the clock by a library in C"),
]


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """A server, and what sets its clock: to so many seconds from now."""
    folder = tmp_path_factory.mktemp("clock")
    library, clock = folder / "clock.so", folder / "clock"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("clock.c")], check=True)

    def move(seconds):
        os.utime(clock, (seconds, seconds))
        deadline = time.monotonic() + 10
        while abs(connection.time()[0] - time.time() - seconds) > 60:  # it looks ten times a second
            assert time.monotonic() < deadline, "the server has another clock"
            time.sleep(0.01)

    clock.touch()
    os.utime(clock, (0, 0))
    with server(VALKEY, LD_PRELOAD=str(library), CLOCK=str(clock)) as port, redis.Redis(port=port) as connection:
        yield connection, move


@pytest.fixture
def connection(moved):
    connection, move = moved
    yield connection
    move(0)
    connection.flushall()


@pytest.fixture
def move(moved):
    return moved[1]


@pytest.fixture
def note(done, gate, registry):
    """Return a worker of a step: it notes what it is given; 'gated' waits at the gate."""

    def make(system):
        class Note(system.Worker):
            began = threading.Event()

            def perform(self, number):
                if number == "gated":
                    Note.began.set()
                    assert gate.wait(30)
                done.append(number)

        return Note

    return make


def payload(number):
    return json.dumps({"worker": "Note", "args": [number], "id": f"{number:024x}"}).encode()


def backend_of(system, connection):
    backend = Luffy.backend = system.RedisBackend(connection, beat_every=0.1, gone_after=1)
    return backend


@steps(5)
def test_set_back_what_a_dead_process_had_waits_until_the_clock_is_as_far(
    system, note, done, connection, move, eventually
):
    backend = backend_of(system, connection)
    note(system)
    leave_behind(connection, payload(1))
    connection.zadd(HEARTBEATS, dict.fromkeys(connection.zrange(HEARTBEATS, 0, -1), backend.now() + 0.1))
    move(-HOUR)
    connection.lpush(backend.key, payload(2))
    pool = system.Processor.start(1)
    eventually(lambda: done == [2])  # what is new is done as ever
    assert [job.payload for job in backend.in_flight()] == [payload(1)]
    move(0)
    eventually(lambda: done == [2, 1])
    pool.stop(timeout=10)


@steps(6)
def test_set_back_what_is_scheduled_waits_until_the_clock_is_as_far(system, note, done, connection, move, eventually):
    backend = backend_of(system, connection)
    worker = note(system)
    worker.perform_in(0.1, 1)
    move(-HOUR)
    assert HOUR - 60 < backend.scheduled()[0][0] <= HOUR + 1
    worker.perform_in(0.1, 2)  # by the clock as it is now
    pool = system.Processor.start(1)
    eventually(lambda: done == [2])
    move(0)
    eventually(lambda: done == [2, 1])
    pool.stop(timeout=10)


@steps(5)
def test_set_forward_what_is_in_flight_may_be_done_twice_and_none_is_lost(
    system, note, done, gate, connection, move, eventually
):
    backend_of(system, connection)
    worker = note(system)
    worker.perform_queue("gated")
    for number in range(50):
        worker.perform_queue(number)
    pool = system.Processor.start(2)
    assert worker.began.wait(10)
    move(HOUR)
    other = system.RedisBackend(connection, beat_every=0.1, gone_after=1)
    other.recover()  # takes the first for gone
    gate.set()
    eventually(lambda: {"gated", *range(50)} <= {*done} and not any(other.count()))
    pool.stop(timeout=10)
    assert set(done) == {"gated", *range(50)}
