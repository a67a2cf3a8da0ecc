"""Step 9: several queues, in which order they are taken from, and what a job says of its time there."""

import collections
import json
import multiprocessing
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis
from proxy import Proxy
from reliable import HEARTBEATS
from servers import VALKEY, server

from luffy_lesson import step8_fast_queue, step9_queues
from luffy_lesson.step9_queues import Job, Lane, Late, Luffy, Message, Processor, RedisBackend, Worker

STEP = step9_queues
HIGH, LOW = "luffy:queues:high", "luffy:queues:low"


@pytest.fixture
def high(done, registry):
    class High(Worker):
        queue = "high"

        def perform(self, *args):
            done.append(("high", *args))

    return High


@pytest.fixture
def low(done, registry):
    class Low(Worker):
        queue = "low"

        def perform(self, *args):
            done.append(("low", *args))

    return Low


@pytest.fixture
def backend(redis_url):
    """A backend that takes from two queues, in use."""
    Luffy.backend = RedisBackend(queues=["high", "low"])
    return Luffy.backend


def taken(backend, count):
    """Take and acknowledge so many jobs by hand. Return what each is."""
    jobs = []
    for _ in range(count):
        job = backend.get(timeout=10).decode()
        backend.task_done()
        jobs.append((job.worker.queue, *job.args))
    return jobs


def waiting(raw, key):
    """What waits in a queue, the oldest first."""
    return [json.loads(payload) for payload in reversed(raw.lrange(key, 0, -1))]


# Which first


def test_a_worker_names_the_queue_where_its_jobs_wait(backend, high, note, raw):
    assert high.perform_queue(1) == 1
    assert high.perform_queue(2) == 2
    assert note.perform_queue(3) == 1
    assert [(job["args"], job["queue"]) for job in waiting(raw, HIGH)] == [([1], "high"), ([2], "high")]
    (job,) = waiting(raw, "luffy:queue")
    assert job["args"] == [3]
    assert "queue" not in job


def test_a_worker_of_an_earlier_step_keeps_its_queue(backend, raw, registry):
    class Early(step8_fast_queue.Worker):
        def perform(self):
            pass

    Early.perform_queue()
    Early.perform_bulk([[]])
    assert raw.llen("luffy:queue") == 2


def test_queues_in_a_list_are_emptied_in_its_order(backend, high, low):
    for number in range(3):
        low.perform_queue(number)
        high.perform_queue(number)
    assert taken(backend, 4) == [("high", 0), ("high", 1), ("high", 2), ("low", 0)]
    high.perform_queue(3)
    assert taken(backend, 3) == [("high", 3), ("low", 1), ("low", 2)]


def test_a_processor_empties_them_in_order_too(backend, high, low, done, join):
    low.perform_bulk([[number] for number in range(100)])
    high.perform_bulk([[number] for number in range(100)])
    Processor.start(1)
    join(backend)
    assert done == [(name, number) for name in ("high", "low") for number in range(100)]


def test_what_is_urgent_waits_for_a_batch_of_the_rest_at_most(backend, high, low, done, monkeypatch, join):
    monkeypatch.setattr(RedisBackend, "batch_most", 5)

    class Urgent(low):
        queue = "low"

        def perform(self, number):
            super().perform(number)
            if number == 20:
                high.perform_queue(number)

    Urgent.perform_bulk([[number] for number in range(100)])
    Processor.start(1)
    join(backend)
    assert 20 < done.index(("high", 20)) <= 20 + 1 + 5


def test_weights_say_how_often_each_queue_is_first(redis_url):
    backend = RedisBackend(queues={"high": 3, "mid": 2, "low": 1})
    lanes = backend.consumer().lanes
    random.seed(9)
    first = collections.Counter(backend.drawn(lanes)[0].name for _ in range(6000))
    assert 2850 < first["high"] < 3150
    assert 1850 < first["mid"] < 2150
    assert 850 < first["low"] < 1150
    assert all(sorted(lane.name for lane in backend.drawn(lanes)) == ["high", "low", "mid"] for _ in range(100))


def test_jobs_are_done_by_weight_and_nobody_starves(redis_url, high, low, done, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_most", 1)
    random.seed(9)
    backend = Luffy.backend = RedisBackend(queues={"high": 3, "low": 1})
    high.perform_bulk([[]] * 400)
    low.perform_bulk([[]] * 400)
    shares = collections.Counter(name for name, *_ in taken(backend, 400))
    assert 270 < shares["high"] < 330


def test_several_queues_cost_no_more_round_trips_than_one(redis_url, registry, raw, join, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)  # no batch is small since the machine is slow
    monkeypatch.setattr(RedisBackend, "batch_most", 100)

    def commands(queues):
        class Quick(Worker):
            queue = [*queues][-1]

            def perform(self):
                pass

        backend = Luffy.backend = RedisBackend(queues=queues)
        Quick.perform_bulk([[]] * 5000)
        before = raw.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"]
        pool = Processor.start(1)
        join(backend)
        pool.stop(timeout=10)
        return raw.info("commandstats")["cmdstat_eval"]["calls"] - before

    one, strict, weighted = map(commands, (["q3"], ["q1", "q2", "q3"], {"q1": 3, "q2": 1, "q3": 1}))
    # Those of a stop and a poll are as many as there are queues, or as it takes; those of a job would be thousands.
    assert max(strict, weighted) < one + 50
    assert one < 200


# Who takes, and who waits


def test_a_backend_takes_from_its_own_queues_alone(backend, high, note, join, done):
    note.perform_queue()
    high.perform_queue()
    Processor.start(1)
    join(backend)
    assert done == [("high",)]
    assert backend.qsize() == 0
    assert backend.lengths() == {"high": 0, "low": 0, "default": 1}


def test_sizes_are_those_of_its_own_queues_and_lengths_of_all(backend, high, low, note, raw):
    for worker, count in ((high, 1), (low, 2), (note, 4)):
        worker.perform_bulk([[]] * count)
    other = RedisBackend()
    assert (backend.qsize(), other.qsize()) == (3, 4)
    backend.get(timeout=10)
    assert (backend.count(), other.count()) == ([2, 1], [4, 0])
    assert backend.sizes() | {"waiting": 2, "in flight": 1} == backend.sizes()
    assert other.lengths() == {"default": 4, "high": 0, "low": 2}
    raw.sadd("luffy:queues", "luffy:queue:dead", "../x", b"\xff", "x" * 65)  # what cannot be one of ours
    assert other.lengths() == {"default": 4, "high": 0, "low": 2}


@pytest.mark.parametrize("said", [f'{{"enqueued_at": {number}}}' for number in ('"x"', "true", "1e999", "9" * 999)])
def test_latency_is_how_long_the_job_has_waited_that_is_next(backend, high, low, raw, said):
    low.perform_queue()
    raw.lpush(HIGH, json.dumps({"worker": "High", "args": [], "enqueued_at": backend.now() - 100}))
    high.perform_queue()
    raw.rpush("luffy:queue", said)
    latencies = backend.latencies()
    assert 100 <= latencies["high"] < 200
    assert 0 <= latencies["low"] < 100
    assert latencies["default"] == 0


def test_what_is_scheduled_does_not_wait_before_it_is_due(backend, high, raw, eventually):
    high.perform_in(1000)
    ((payload, due),) = raw.zrange("luffy:queue:scheduled", 0, -1, withscores=True)
    assert json.loads(payload)["enqueued_at"] == pytest.approx(due, abs=0.01)


def test_by_hand_jobs_of_several_queues_are_acknowledged_in_the_order_in_which_they_were_taken(backend, high, low, raw):
    low.perform_queue(1)
    high.perform_queue(2)
    low.perform_queue(3)
    assert [backend.get(block=False).decode().args for _ in range(3)] == [(2,), (1,), (3,)]
    backend.task_done()
    assert sorted(tuple(job.decode().args) for job in backend.in_flight()) == [(1,), (3,)]
    backend.task_done()
    assert [job.decode().args for job in backend.in_flight()] == [(3,)]
    backend.task_done()
    assert backend.count() == [0, 0]
    with pytest.raises(ValueError, match="too many times"):
        backend.task_done()
    with pytest.raises(queue.Empty):
        backend.get(block=False)


def test_a_consumer_that_is_just_made_is_left_alone(backend, monkeypatch):
    begin = Lane.begin

    def slowly(lane):
        backend.tidy()  # as another thread may
        begin(lane)

    monkeypatch.setattr(Lane, "begin", slowly)
    assert backend.consumer().lanes


def test_by_hand_what_is_there_is_taken_however_short_the_wait(backend, high, low):
    high.perform_queue(1)
    low.perform_queue(2)
    assert backend.get(timeout=1e-6).decode().args == (1,)
    assert backend.get(timeout=0).decode().args == (2,)
    with pytest.raises(queue.Empty):
        backend.get(timeout=1e-6)


def test_after_a_lost_reply_all_that_was_taken_by_hand_is_given_out_again(redis_url, high, low):
    with Proxy(redis_url) as proxy:
        backend = Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url), queues=["high", "low"])
        high.perform_queue(1)
        low.perform_queue(2)
        backend.get(timeout=10)
        proxy.fail("drop", b"EVAL")
        with pytest.raises(redis.ConnectionError):
            backend.get(timeout=10)
        assert [backend.get(timeout=10).decode().args for _ in range(2)] == [(1,), (2,)]
        for left in (1, 0):
            backend.task_done()
            assert backend.count() == [0, left]
        with pytest.raises(ValueError, match="too many times"):
            backend.task_done()


def test_the_copy_of_a_consumer_may_see_a_job_fail(backend, high):
    consumer = backend.consumer()
    high.perform_queue(1)
    job = consumer.get(timeout=10)
    consumer.forked()
    assert consumer.fail(job, OSError("no")).startswith("High(1)")
    consumer.task_done()


def test_after_a_pause_the_first_job_of_each_queue_comes_alone(backend, high, low, monkeypatch):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    consumer = backend.consumer()
    low.perform_bulk([[]] * 100)
    for _ in range(100):
        consumer.get(timeout=10)
        consumer.task_done()
    with pytest.raises(queue.Empty):
        consumer.get(block=False)
    low.perform_bulk([[]] * 100)
    consumer.get(timeout=10)
    assert not consumer.prefetched


def test_by_hand_what_was_given_away_is_not_acknowledged_in_the_place_of_another(backend, high, low, raw):
    high.perform_queue(1)
    low.perform_queue(2)
    for _ in range(2):
        backend.get(block=False)
    raw.zadd(HEARTBEATS, dict.fromkeys(raw.zrange(HEARTBEATS, 0, -1), time.time() - 60))  # it took too long
    RedisBackend().recover()
    assert backend.get(block=False).decode().args == (1,)
    for _ in range(2):
        backend.task_done()
    assert [job.decode().args for job in backend.in_flight()] == [(1,)]  # that one is in hand
    backend.task_done()
    assert backend.count() == [1, 0]


def test_by_hand_what_was_given_up_after_an_error_is_expected_no_more(backend, high, low, raw, monkeypatch):
    high.perform_queue(1)
    backend.get(block=False)

    def fails(lanes):
        raise redis.ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(backend, "fetch_first", fails)
        with pytest.raises(redis.ConnectionError):
            backend.get(block=False)
    low.perform_queue(2)
    assert sorted(taken(backend, 2)) == [("high", 1), ("low", 2)]
    assert backend.count() == [0, 0]
    with pytest.raises(ValueError, match="too many times"):
        backend.task_done()


@pytest.fixture
def asked_once(monkeypatch):
    """Let the server be asked for a minute, and once: only a job can end a wait. Return what it is asked."""
    asked, send = [], redis.Connection.send_command

    def send_once(connection, *command, **options):
        if command[0] == "BLMOVE":
            asked.append(command)
            command = (*command[:-1], 60)
        send(connection, *command, **options)

    monkeypatch.setattr(redis.Connection, "send_command", send_once)
    monkeypatch.setattr(step9_queues, "PATIENCE", 60)
    return asked


@pytest.mark.parametrize("key", [HIGH, LOW])
def test_a_plain_lpush_ends_a_wait_and_the_queue_stays_as_it_is(backend, raw, aside, eventually, key, asked_once):
    heard = aside(backend.listener.heard, 60)  # nobody looks meanwhile, as `wait` does twice a second
    eventually(lambda: raw.info("clients")["blocked_clients"] >= 2)
    raw.lpush(key, "a", "b")
    assert heard.result(timeout=15) is True
    assert raw.lrange(key, 0, -1) == [b"b", b"a"]
    assert len(asked_once) == 2


def test_a_wait_ends_without_a_job(backend, raw):
    assert backend.wait(0.7) is False  # longer than the server is asked for
    assert backend.wait(0) is False


def test_what_was_heard_before_is_no_job_now(backend, raw, high):
    assert backend.wait(0.05) is False  # the server is still asked
    high.perform_queue()
    raw.delete(HIGH)
    with pytest.raises(queue.Empty):
        backend.get(timeout=0.2)
    high.perform_queue(1)
    assert taken(backend, 1) == [("high", 1)]


def test_who_waits_takes_what_comes_in_any_queue(backend, high, low, note, done, raw, eventually):
    Processor.start(3)
    for number in range(20):
        worker = (high, low)[number % 2]
        raw.lpush(f"luffy:queues:{worker.queue}", json.dumps({"worker": worker.__name__, "args": [number]}))
        eventually(lambda number=number: len(done) == number + 1)
    assert sorted(number for _, number in done) == list(range(20))


def test_a_wait_whose_connection_breaks_raises_and_the_next_one_works(redis_url, raw, aside, high, eventually):
    with Proxy(redis_url) as proxy:
        backend = RedisBackend(redis.Redis.from_url(proxy.url), queues=["high", "low"])
        heard = aside(backend.wait, 60)
        eventually(lambda: raw.info("clients")["blocked_clients"] >= 2)
        raw.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(redis.ConnectionError):
            heard.result(timeout=15)
        assert backend.listener.asked == {}
        raw.lpush(HIGH, "x")
        assert backend.wait(15) is True


def test_what_the_server_could_never_answer_is_asked_again(redis_url, raw, aside, eventually):
    with Proxy(redis_url) as proxy:
        backend = RedisBackend(redis.Redis.from_url(proxy.url), queues=["high", "low"])
        for _ in backend.queues:
            proxy.fail("hang", b"BLMOVE")
        heard = aside(backend.wait, 60)
        eventually(lambda: sum(proxy.failed.values()) == 2)
        raw.lpush(HIGH, "x")
        assert heard.result(timeout=15) is True


def test_an_answer_is_lost_after_two_seconds(redis_url, raw):
    with Proxy(redis_url) as proxy:
        backend = RedisBackend(redis.Redis.from_url(proxy.url), queues=["high", "low"])
        for _ in backend.queues:
            proxy.fail("hang", b"BLMOVE")
        assert backend.wait(0.05) is False
        raw.lpush(HIGH, "x")
        asked = backend.listener.asked
        asked |= {name: (connection, when - 2) for name, (connection, when) in asked.items()}
        assert backend.listener.heard(15) is True  # which asks once, and then listens for so long


def test_a_server_that_began_anew_long_after_it_was_asked_fails_no_wait(backend, raw, monkeypatch):
    assert backend.wait(0.05) is False
    raw.client_kill_filter(_type="normal", skipme=True)
    raw.lpush(HIGH, "x")
    monkeypatch.setattr(step9_queues, "PATIENCE", 0)
    assert backend.wait(15) is True


def test_idle_processors_send_few_commands(backend, raw, eventually):
    Processor.start(5)
    eventually(lambda: raw.info("clients")["blocked_clients"] >= 2)

    def sent():
        stats = raw.info("commandstats")
        return sum(stats[f"cmdstat_{command}"]["calls"] for command in ("eval", "blmove"))

    before, began = sent(), time.monotonic()
    threading.Event().wait(2)
    # Each second: two waits for each queue, four times two questions of the poller; and once a beat.
    assert (sent() - before - 1) / (time.monotonic() - began) < 15


@pytest.mark.parametrize("command", ["set", "get", "unlink", "incr", "sadd", "smembers"])
def test_a_user_that_may_not_do_all_is_told_before_the_first_job(command, admin_url, redis_url, raw):
    raw.execute_command(f"ACL SETUSER luffy -{command}")
    with pytest.raises(redis.RedisError, match="may not do all that is needed"):
        RedisBackend()
    assert raw.keys() == []


# Home


@pytest.mark.parametrize("said", [{}, {"queue": "low"}, {"queue": "high"}, {"queue": 5}])
def test_what_a_dead_process_held_goes_back_to_the_queue_from_which_it_came(backend, raw, said, aside):
    payload = json.dumps({"worker": "X", "args": [], **said}).encode()
    raw.lpush(LOW, payload)
    taking = "import sys, os; from luffy_lesson.step9_queues import RedisBackend; "
    taking += "RedisBackend(queues=['high', 'low'], gone_after=0.01).get(timeout=10); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", taking], timeout=60, check=False).returncode == -signal.SIGKILL
    assert raw.llen(LOW) == 0
    time.sleep(0.05)  # as long as the heartbeat lasts, and more
    RedisBackend().recover()  # of a process that takes from another queue
    (job,) = waiting(raw, LOW)
    assert job | said == job
    assert job["crashes"] == 1
    assert raw.llen("luffy:queue") == raw.llen(HIGH) == 0


def test_a_stop_gives_back_to_each_queue_what_was_not_begun(backend, raw, registry, gate, monkeypatch, eventually):
    monkeypatch.setattr(RedisBackend, "batch_lasts", 1000.0)
    begun = []

    class Slow(Worker):
        queue = "low"

        def perform(self, number):
            begun.append(number)
            if number == 10:
                assert gate.wait(30)

    Slow.perform_bulk([[number] for number in range(100)])
    pool = Processor.start(1)
    eventually(lambda: 10 in begun)
    pool.quiet()
    gate.set()
    pool.stop(timeout=10)
    assert [job["args"][0] for job in waiting(raw, LOW)] == list(range(len(begun), 100))
    assert raw.llen("luffy:queue") == 0
    assert raw.keys("*:in_flight:*") == []


@pytest.mark.parametrize("says", [True, False])
def test_scheduled_retried_dead_and_revived_jobs_go_home(backend, raw, registry, monkeypatch, eventually, says):
    monkeypatch.setattr(RedisBackend, "poll_every", 0.02)
    tries = []

    class Failing(Worker):
        queue = "low" if says else "default"
        retries = 1

        @staticmethod
        def backoff(tries):
            return 0.01

        def perform(self):
            tries.append(threading.current_thread().name)
            if len(tries) < 3:
                raise OSError("no")

    pool = Processor.start(1)
    if says:
        Failing.perform_in(0.01)
    else:  # somebody's who knows nothing of queues, and pushes to one all the same
        raw.lpush(LOW, '{"worker": "Failing", "args": []}')
    eventually(lambda: raw.zcard("luffy:queue:dead") == 1)
    pool.stop(timeout=10)
    assert len(tries) == 2  # it was found again, so it came home
    assert json.loads(raw.zrange("luffy:queue:dead", 0, -1)[0])["queue"] == "low"
    assert backend.requeue(*backend.dead()) == 1
    assert raw.llen(LOW) == 1
    assert raw.llen("luffy:queue") == 0


def test_a_payload_that_nobody_can_read_comes_home_byte_for_byte(backend, raw, registry, eventually):
    raw.lpush(LOW, b"\xff{")
    pool = Processor.start(1)
    eventually(lambda: raw.zcard("luffy:queue:dead") == 1)
    pool.stop(timeout=10)
    (dead,) = backend.dead()
    assert dead.job.payload == b"\xff{"
    assert backend.requeue(dead) == 1
    assert raw.lrange(LOW, 0, -1) == [b"\xff{"]


def test_what_is_due_goes_to_its_queue_a_hundred_a_round_trip(backend, raw, high, low):
    for number in range(250):
        (high, low)[number % 2].perform_in(0, number)
    before = raw.info("stats")["total_commands_processed"]
    backend.promote()
    assert [job["args"] for job in waiting(raw, HIGH)] == [[number] for number in range(0, 250, 2)]
    assert [job["args"] for job in waiting(raw, LOW)] == [[number] for number in range(1, 250, 2)]
    assert raw.info("stats")["total_commands_processed"] - before < 10_000


def test_a_queue_is_known_to_which_jobs_came_from_a_set_alone(redis_url, raw, registry):
    backend = RedisBackend()
    raw.zadd("luffy:queue:scheduled", {'{"worker": "X", "args": [], "queue": "later"}': 1})
    raw.zadd("luffy:queue:dead", {'{"worker": "X", "args": [], "queue": "dead"}': 1})
    backend.promote()
    backend.requeue(*backend.dead())
    assert RedisBackend().lengths() == {"default": 0, "dead": 1, "later": 1}


def test_lengths_of_many_queues_take_two_round_trips(redis_url, raw):
    raw.sadd("luffy:queues", *map(str, range(500)))
    with Proxy(redis_url) as proxy:
        backend = RedisBackend(redis.Redis.from_url(proxy.url))
        proxy.away = 0.05  # seconds
        began = time.monotonic()
        assert len(backend.lengths()) == len(backend.latencies()) == 501
        assert time.monotonic() - began < 10


def test_two_who_promote_at_once_move_each_job_once(backend, raw, high, aside):
    backends = [RedisBackend() for _ in range(4)]
    for number in range(400):
        high.perform_in(0, number)
    for moved in [aside(one.promote) for one in backends]:
        moved.result(timeout=15)
    assert sorted(job["args"][0] for job in waiting(raw, HIGH)) == list(range(400))


# Names


@pytest.mark.parametrize("name", ["", "a:b", "ä", "a b", "x" * 65, "a\n", 5, None, "*", "dead:x"])
def test_a_queue_with_another_name_is_refused(redis_url, registry, name):
    with pytest.raises(ValueError, match=r"^A queue has a name of letters, digits, _ and -, 64 at most, and not "):
        type("Bad", (Worker,), {"queue": name})
    with pytest.raises(ValueError, match=r"^A queue has a name"):
        RedisBackend(queues=[name])
    assert registry == {}


@pytest.mark.parametrize("queues", [[], {}, ["a", "a"], {"a": 0}, {"a": -1}, {"a": float("nan")}, {"a": "3"}])
def test_no_queue_and_weights_that_are_none_are_refused(redis_url, queues):
    with pytest.raises(ValueError, match=r"^A backend takes from one queue or more|^The weight of the queue 'a' has "):
        RedisBackend(queues=queues)


@pytest.mark.parametrize("queues", ["high", 5, None, {"high", "low"}, b"high"])
def test_queues_that_are_no_list_are_refused(redis_url, queues):
    with pytest.raises(TypeError, match=r"^queues has to be a list like "):
        RedisBackend(queues=queues)


@pytest.mark.parametrize("name", ["queue:dead", "../dead", 5, None, ["high"], "x" * 65, "dead\u0000"])
def test_a_job_whose_queue_is_no_name_goes_to_the_default_one(backend, raw, registry, name):
    payload = json.dumps({"worker": "X", "args": [], "id": "1", "queue": name})
    raw.zadd("luffy:queue:scheduled", {payload: 1})
    raw.zadd("luffy:queue:dead", {payload: 1})
    backend.promote()
    assert backend.requeue(*backend.dead()) == 1
    assert raw.llen("luffy:queue") == 2
    assert set(raw.keys()) <= {b"luffy:queue"}


def test_a_list_with_another_name_goes_back_to_the_default_queue(backend, raw):
    for name in ("luffy:queue:in_flight:a", "luffy:queues:a:b:in_flight:c", "luffy:else:in_flight:d", "luffy:odd"):
        raw.lpush(name, f'{{"worker": "X", "args": ["{name}"]}}')
        raw.zadd(HEARTBEATS, {name: 1})
    backend.recover()
    assert raw.llen("luffy:queue") == 4


def test_a_queue_may_be_called_like_a_key_of_ours(redis_url, registry, raw, join, done):
    for name in ("dead", "hearts", "retry", "queue", "in_flight"):
        worker = type(f"To_{name}", (Worker,), {"queue": name, "perform": lambda self: done.append(self.queue)})
        Luffy.backend = backend = RedisBackend(queues=[name, "other"])
        worker.perform_queue()
        pool = Processor.start(1)
        join(backend)
        pool.stop(timeout=10)
    assert done == ["dead", "hearts", "retry", "queue", "in_flight"]


# Many at once


def test_jobs_of_a_bulk_go_to_their_queues_together(backend, raw, high, low, note):
    jobs = [Job((high, low, note)[number % 3], (number,)) for number in range(3000)]
    before = raw.info("stats")["total_commands_processed"]
    assert backend.put_bulk(jobs) == 3000
    assert raw.info("stats")["total_commands_processed"] - before < 20
    for rest, key in enumerate((HIGH, LOW, "luffy:queue")):
        assert [job["args"] for job in waiting(raw, key)] == [[number] for number in range(rest, 3000, 3)]
    assert high.perform_bulk([[]]) == 1001
    assert high.perform_bulk([]) == backend.qsize() == 2001


def test_a_bulk_that_cannot_travel_adds_nothing(backend, raw, high, low):
    with pytest.raises(TypeError, match="use only arguments that JSON has"):
        backend.put_bulk([Job(high, (1,)), Job(low, (object(),))])
    assert raw.keys("luffy:queues:*") == []


# What a job says of its time


def expiring(done, seconds):
    class Expiring(Worker):
        expires_in = seconds

        def perform(self, *args):
            done.append(args)

    return Expiring


def test_what_has_waited_too_long_is_not_performed_and_is_counted(redis_url, registry, done, raw, join):
    backend = Luffy.backend = RedisBackend()
    worker = expiring(done, 1000)
    worker.perform_queue(1)
    worker.perform_bulk([[2], [3]])
    late = json.loads(raw.lindex("luffy:queue", 1)) | {"expires_at": backend.now() - 0.001}
    assert late["args"] == [2]
    raw.lset("luffy:queue", 1, json.dumps(late))
    pool = Processor.start(1)
    join(backend)
    pool.stop(timeout=10)
    assert done == [(1,), (3,)]
    assert backend.expired() == 1
    assert backend.count() == [0, 0]
    assert not any(backend.sizes().values())


def test_time_in_the_queue_begins_when_a_job_is_due(redis_url, registry, done, raw):
    backend = Luffy.backend = RedisBackend()
    before = backend.now()
    expiring(done, 60).perform_in(1000)
    (payload,) = raw.zrange("luffy:queue:scheduled", 0, -1)
    assert before + 1060 <= json.loads(payload)["expires_at"] <= backend.now() + 1060.01


def test_time_in_the_queue_of_what_was_due_long_ago_begins_now(redis_url, registry, done, raw, join):
    backend = Luffy.backend = RedisBackend()
    expiring(done, 60).perform_at(datetime.now(UTC) - timedelta(days=1), 1)
    backend.promote()
    assert backend.latencies()["default"] < 60
    assert not isinstance(backend.get(timeout=10), Late)


def test_a_full_server_counts_what_has_waited_too_long(redis_url, registry, done):
    with server(VALKEY) as port, redis.Redis(port=port) as admin:
        backend = Luffy.backend = RedisBackend(redis.Redis(port=port))
        expiring(done, 60).perform_queue(1)
        payload = json.loads(admin.rpop("luffy:queue")) | {"expires_at": 1, "unique_for": 5}
        admin.lpush("luffy:queue", json.dumps(payload))
        admin.config_set("maxmemory", 1)
        backend.get(timeout=10).perform()
        backend.task_done()
        assert backend.expired() == 1
        assert done == []


def test_time_is_told_by_the_clock_of_the_server(redis_url, registry, done, raw, monkeypatch):
    backend = Luffy.backend = RedisBackend()
    monkeypatch.setattr(time, "time", lambda: 1e9)  # this machine's clock is years behind
    expiring(done, 60).perform_queue()
    assert not isinstance(backend.get(timeout=10), Late)


def test_a_dead_job_that_is_sent_back_does_not_expire(redis_url, registry, done, raw, join):
    backend = Luffy.backend = RedisBackend()
    worker = expiring(done, 60)
    worker.perform_queue(1)
    backend.consumer()
    payload = json.loads(raw.rpop("luffy:queue")) | {"expires_at": 1, "failure": {"error": "X", "tries": 1}}
    raw.zadd("luffy:queue:dead", {json.dumps(payload): backend.now()})
    assert backend.requeue(*backend.dead()) == 1
    Processor.start(1)
    join(backend)
    assert done == [(1,)]


@pytest.mark.parametrize("end", ["soon", None, [], {"at": 1}, True, -1])
def test_an_end_that_is_no_time_is_none(redis_url, note, done, raw, join, end):
    backend = Luffy.backend = RedisBackend()
    raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [{"expires_at": 1}], "expires_at": end}))
    Processor.start(1)
    join(backend)
    assert done == [({"expires_at": 1},)]


@pytest.fixture
def once(registry, done):
    """A worker whose jobs are unique."""

    class Once(Worker):
        queue = "high"
        unique_for = 1000
        retries = 1

        @staticmethod
        def backoff(tries):
            return 0.01

        def perform(self, *args):
            done.append(args)
            if args[0] == "fails":
                raise OSError("no")

    return Once


def test_a_double_click_is_one_job(backend, once, raw, join, done):
    assert [once.perform_queue(1), once.perform_queue(1), once.perform_queue(2)] == [1, 0, 2]
    assert once.perform_bulk([[1], [3], [3]]) == 3
    assert once.perform_in(10, 1) == 0
    Processor.start(2)
    join(backend)
    assert sorted(done) == [(1,), (2,), (3,)]


def test_an_equal_job_may_come_when_the_first_is_done(backend, once, raw):
    once.perform_queue(1)
    job = backend.get(timeout=10)
    assert once.perform_queue(1) == 0  # it is in flight
    job.perform()
    assert once.perform_queue(1) == 1
    backend.task_done()
    assert once.perform_queue(1) == 0


def test_an_equal_job_has_to_wait_while_the_first_is_tried_again_and_may_come_when_it_is_dead(
    backend, once, raw, eventually
):
    once.perform_queue("fails")
    for left in (1, 0):
        consumer = backend.consumer()
        eventually(lambda: backend.promote() or backend.qsize())
        job = consumer.get(timeout=10)
        with pytest.raises(OSError, match="no"):
            job.perform()
        consumer.fail(job, OSError("no"))
        consumer.task_done()
        assert once.perform_queue("fails") == 1 - left


def test_an_equal_job_may_come_when_the_first_has_expired_or_died_with_its_process(backend, once, raw):
    once.expires_in = 1000
    once.perform_queue(1)
    raw.lset(HIGH, 0, json.dumps(json.loads(raw.lindex(HIGH, 0)) | {"expires_at": 1}))
    late = backend.get(timeout=10)
    assert isinstance(late, Late)
    late.perform()
    assert once.perform_queue(1) == 1
    raw.rename(HIGH, "luffy:queues:high:in_flight:x")
    payload = json.loads(raw.lindex("luffy:queues:high:in_flight:x", 0))
    raw.lset("luffy:queues:high:in_flight:x", 0, json.dumps(payload | {"crashes": 2}))
    raw.zadd(HEARTBEATS, {"luffy:queues:high:in_flight:x": 1})
    backend.recover()
    assert raw.zcard("luffy:queue:dead") == 1
    assert once.perform_queue(1) == 1


def test_an_equal_job_has_to_wait_when_the_dead_one_was_sent_back(backend, once, raw):
    once.perform_queue(1)
    raw.zadd("luffy:queue:dead", {raw.rpop(HIGH): 1})
    raw.unlink(*raw.keys("luffy:queue:unique:*"))
    (dead,) = backend.dead()
    assert [backend.requeue(dead), backend.requeue(dead)] == [1, 0]
    assert once.perform_queue(1) == 0
    backend.get(timeout=10).perform()
    assert once.perform_queue(1) == 1


@pytest.mark.parametrize("said", [{}, {"id": 5}, {"id": "\ud800"}, {"unique_for": 1e-9}, {"unique_for": 10**400}])
def test_a_unique_job_of_somebody_else_is_done_once_whatever_it_says(backend, once, raw, join, done, said):
    job = {"worker": "Once", "args": [1], "queue": "high", "unique_for": 5, **said}
    backend.put(Message(json.dumps(job).encode()))
    pool = Processor.start(1)
    join(backend)
    pool.stop(timeout=10)
    assert done == [(1,)]
    assert backend.sizes() == dict.fromkeys(backend.sizes(), 0)


def test_a_unique_job_holds_others_off_for_a_bounded_time(backend, once, raw):
    once.perform_queue(1)
    once.perform_in(5000, 2)
    left = sorted(raw.ttl(key) for key in raw.keys("luffy:queue:unique:*"))
    assert 990 <= left[0] <= 1000
    assert 5990 <= left[1] <= 6000


def test_what_is_done_after_its_time_lets_no_third_one_come(backend, once, raw):
    once.perform_queue(1)
    first = backend.get(timeout=10)
    (key,) = raw.keys("luffy:queue:unique:*")
    raw.delete(key)  # its time is over
    assert once.perform_queue(1) == 1
    first.perform()
    assert once.perform_queue(1) == 0


def test_a_unique_job_whose_id_is_half_a_character_is_done_once(backend, once, raw, done, join):
    raw.lpush(HIGH, json.dumps({"worker": "Once", "args": [1], "id": "\ud800", "unique_for": 5}))
    Processor.start(1)
    join(backend)
    assert done == [(1,)]
    assert not any(backend.sizes().values())


def click(url, start):
    """Put the same job, as another process does at the same moment."""
    os.environ["REDIS_URL"] = url
    Luffy.backend = RedisBackend()
    worker = type("Once", (Worker,), {"unique_for": 1000, "perform": print})
    start.wait(30)
    for number in range(50):
        worker.perform_queue(number)


def test_of_equal_jobs_of_many_processes_one_is_added(redis_url, raw):
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)
    processes = [context.Process(target=click, args=(redis_url, start)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert sorted(job["args"][0] for job in waiting(raw, "luffy:queue")) == list(range(50))


@pytest.mark.parametrize("setting", ["expires_in", "unique_for"])
@pytest.mark.parametrize("value", [0, -1, "5", float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(registry, setting, value):
    with pytest.raises(ValueError, match=rf"^Bad\.{setting} has to be a number of seconds, or None, and not "):
        type("Bad", (Worker,), {setting: value})
    assert registry == {}


def test_a_job_that_only_names_a_setting_is_one_like_any(backend, high, raw):
    high.perform_queue({"unique_for": 1, "queue": "low", "expires_at": 1})
    high.perform_queue({"unique_for": 1, "queue": "low", "expires_at": 1})
    assert raw.llen(HIGH) == 2
    assert type(backend.get(timeout=10)) is Message
