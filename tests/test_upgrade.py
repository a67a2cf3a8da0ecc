"""A queue that the build of revision 8dfa0aa has left is drained, and what it calls dead is understood."""

import json
import time

import pytest
from reliable import HEARTBEATS, SYSTEMS, leave_behind, steps

from luffy_lesson.step3_memory_queue import Luffy

pytestmark = pytest.mark.usefixtures("registry")


def payload(number, **more):
    return json.dumps({"worker": "Note", "args": [number], "id": f"{number:024x}"} | more).encode()


def failure(tries):
    return {"error": "OSError", "message": "OSError: no", "at": 1790000000.0, "tries": tries}


@pytest.fixture
def left(raw):
    """What it has left: by number, and in `places` where."""
    now = time.time()
    raw.lpush("luffy:queue", payload(0), payload(1), b'{"worker": "Note", "args": [2]}')
    leave_behind(raw, payload(3), payload(4, crashes=1), payload(5, failure=failure(1)))
    raw.zadd(HEARTBEATS, {"luffy:queue:in_flight:0123456789abcdef01234567": now + 3600})
    raw.zadd("luffy:queue:scheduled", {payload(6): now - 1, payload(7): now + 0.5})
    raw.zadd("luffy:queue:retry", {payload(8, failure=failure(2)): now - 1, payload(9, failure=failure(1)): now + 0.5})
    unread = {"id": "a" * 24, "unread": '{"worker": "Note", "args": [13', "failure": failure(1)}
    raw.zadd(
        "luffy:queue:dead",
        {
            payload(10, failure=failure(26)): now - 3,
            payload(11, crashes=3, failure=None): now - 2,
            json.dumps(unread).encode(): now - 1,
        },
    )


@steps(7)
def test_what_the_build_before_has_left_is_done(system, left, raw, done, eventually):
    class Note(system.Worker):
        retries = 3

        def perform(self, number):
            done.append(number)

    backend = Luffy.backend = system.RedisBackend()
    assert backend.sizes() == {"waiting": 3, "in flight": 3, "dead": 3, "scheduled": 2, "retrying": 2}
    assert [job.decode().args for _, job in backend.scheduled()] == [(6,), (7,)]
    assert [job.decode().args for _, job in backend.retrying()] == [(8,), (9,)]
    unread, crashed, failed = backend.dead()
    assert unread.job.payload == b'{"worker": "Note", "args": [13'
    assert (failed.failure["error"], failed.failure["tries"], crashed.failure["tries"]) == ("OSError", 26, 3)
    assert [one.job.decode().args for one in (failed, crashed)] == [(10,), (11,)]
    pool = system.Processor.start(2)
    eventually(lambda: len(done) >= 10 and sum(backend.sizes().values()) == 3)
    assert sorted(done) == list(range(10))
    assert backend.requeue(failed, crashed) == 2
    assert backend.discard(unread) == 1
    eventually(lambda: len(done) >= 12 and not any(backend.sizes().values()))
    pool.stop(timeout=10)
    assert sorted(done) == list(range(12))
    assert raw.keys("luffy:queue:in_flight:*") == []


@pytest.mark.parametrize("system", [SYSTEMS[5], SYSTEMS[6]])
def test_what_earlier_steps_understand_of_it_is_done(system, left, raw, done, eventually):
    class Note(system.Worker):
        def perform(self, number):
            done.append(number)

    Luffy.backend = system.RedisBackend()
    pool = system.Processor.start(2)
    eventually(lambda: {0, 1, 2, 3, 4, 5} <= set(done))
    eventually(lambda: Luffy.backend.sizes()["in flight"] == 0)
    pool.stop(timeout=10)
    assert len(done) == len(set(done))


@steps(7)
def test_the_build_before_understands_what_this_one_leaves(system, raw, redis_url, eventually):
    class Note(system.Worker):
        retries = 1

        @staticmethod
        def backoff(tries):
            return 100.0

        def perform(self, number):
            raise OSError("no")

    class Odd(Note):
        retries = 0

    backend = Luffy.backend = system.RedisBackend()
    Note.perform_queue(1)
    Note.perform_in(100, 2)
    Odd.perform_queue(3)
    raw.lpush("luffy:queue", b"{")
    pool = system.Processor.start(1)
    eventually(lambda: backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 2, "scheduled": 1, "retrying": 1})
    pool.stop(timeout=10)
    for number in range(4):
        leave_behind(raw, payload(number, crashes=2))
    backend.recover()
    kept = {key: [json.loads(one) for one in raw.zrange(f"luffy:queue:{key}", 0, -1)] for key in ("retry", "dead")}
    (again,) = kept["retry"]
    assert (again["worker"], again["args"], again["failure"]["tries"]) == ("Note", [1], 1)
    assert {"error", "message", "at", "tries"} == again["failure"].keys()
    assert [one["unread"] for one in kept["dead"] if "unread" in one] == ["{"]
    assert [one["crashes"] for one in kept["dead"] if "crashes" in one] == [3] * 4
    assert all(isinstance(one["id"], str) for one in [again, *kept["dead"]])
