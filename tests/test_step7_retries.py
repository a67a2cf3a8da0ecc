import json
import logging
import math
import queue
import random
import sys
import threading

import pytest
import redis
from proxy import Proxy

from luffy_lesson import step4_redis_queue, step5_reliable_queue, step6_schedule, step7_retries
from luffy_lesson.step7_retries import Luffy, Processor, RedisBackend, Worker, fields

STEP = step7_retries
pytestmark = pytest.mark.usefixtures("registry")

DAY = 24 * 60 * 60


@pytest.fixture
def fails(done, registry):
    """A worker that always raises, and whose jobs are tried again twice, a minute later."""

    class Fails(Worker):
        retries = 2

        @staticmethod
        def backoff(tries):
            return 60

        def perform(self, *args):
            done.append(args)
            raise OSError("429 Too Many Requests")

    return Fails


def work_off(backend):
    """Let a processor do in this thread what waits, until nothing does."""
    processor = Processor(0, backend)
    processor.leaving = lambda: not backend.qsize()
    processor.run()


def pass_time(backend, raw):
    """Let all that is later be due, and move it to the queue."""
    for later in backend.later:
        for payload in raw.zrange(later, 0, -1):
            raw.zadd(later, {payload: 1})
    backend.promote()


def places(backend):
    return {place: size for place, size in backend.sizes().items() if size}


def go(backend, raw):
    """Let what this thread has taken be in the list of somebody whose heartbeat has stopped."""
    raw.zadd(backend.heartbeats, {backend.mine().key: 1})


def call(job):
    return {name: value for name, value in json.loads(job.payload).items() if name in ("worker", "args")}


# Again


def test_a_job_that_fails_twice_and_then_not_is_done_at_the_third_try(
    backend, fast_poll, registry, join, eventually, caplog
):
    tries = []

    class Unlucky(Worker):
        @staticmethod
        def backoff(tries):
            return 0.01

        def perform(self, word):
            tries.append(word)
            if len(tries) < 3:
                raise OSError(word)

    Unlucky.perform_queue("429")
    Processor.start(2)
    eventually(lambda: len(tries) == 3)
    join(backend)
    assert tries == ["429"] * 3
    assert places(backend) == {}
    assert [record.getMessage() for record in caplog.records] == [
        "Unlucky('429') (try 1 of 26) failed",
        "Unlucky('429') (try 2 of 26) failed",
    ]
    assert {(record.levelno, record.exc_info[0]) for record in caplog.records} == {(logging.ERROR, OSError)}


def test_a_job_that_always_fails_is_dead_after_its_last_try(backend, fails, done, raw):
    fails.perform_queue(1)
    for tries in (1, 2):
        work_off(backend)
        assert places(backend) == {"retrying": 1}
        ((wait, job),) = backend.retrying()
        assert 0 < wait <= 60
        assert json.loads(job.payload)["failure"]["tries"] == tries
        pass_time(backend, raw)
    work_off(backend)
    assert done == [(1,)] * 3
    assert places(backend) == {"dead": 1}
    (dead,) = backend.dead()
    assert dead.failure["tries"] == 3
    assert call(dead.job) == {"worker": "Fails", "args": [1]}


def test_a_job_is_not_tried_again_before_its_time(backend, fails, done, raw):
    fails.perform_queue(1)
    before = backend.now()
    work_off(backend)
    ((_, due),) = raw.zrange("luffy:queue:retry", 0, -1, withscores=True)
    assert before + 60 <= due <= backend.now() + 60
    backend.promote()
    work_off(backend)
    assert done == [(1,)]


def test_a_worker_without_retries_is_tried_once(backend, fails, done):
    fails.retries = 0
    fails.perform_queue(1)
    work_off(backend)
    assert done == [(1,)]
    assert places(backend) == {"dead": 1}


def test_a_worker_that_says_nothing_is_tried_again_25_times(backend, registry, raw):
    tries = []

    class Fails(Worker):
        def perform(self):
            tries.append(1)
            raise OSError

    Fails.perform_queue()
    for _ in range(30):
        work_off(backend)
        pass_time(backend, raw)
    assert len(tries) == 26
    assert backend.dead()[0].failure["tries"] == 26


@pytest.mark.parametrize("tries", range(25))
def test_the_waits_grow_with_the_fourth_power_of_the_tries_and_some_jitter(tries):
    waits = {Worker.backoff(tries) for _ in range(50)}
    least = tries**4 + 15
    assert least <= min(waits) < max(waits) <= least + 10 * (tries + 1)


def test_the_last_try_is_three_weeks_after_the_first():
    assert 20 * DAY < sum(Worker.backoff(tries) for tries in range(25)) < 22 * DAY


def test_the_failure_travels_with_the_job(backend, fails, raw):
    fails.perform_queue(1)
    (put,) = map(json.loads, raw.lrange("luffy:queue", 0, -1))
    before = backend.now()
    work_off(backend)
    (payload,) = raw.zrange("luffy:queue:retry", 0, -1)
    job = json.loads(payload)
    failure = job.pop("failure")
    assert job == put
    assert before - 1 < failure.pop("at") < backend.now() + 1
    assert failure == {"error": "OSError", "message": "OSError: 429 Too Many Requests", "tries": 1}


def test_a_message_is_kept_up_to_a_thousand_characters(backend, registry):
    class Fails(Worker):
        retries = 0

        def perform(self):
            raise ValueError("é" * 100_000)

    Fails.perform_queue()
    work_off(backend)
    (dead,) = backend.dead()
    assert len(dead.failure["message"]) == 1000
    assert len(dead.entry) < 10_000


def test_an_error_that_cannot_be_shown_is_one_like_any(backend, registry):
    class Mute(Exception):
        def __str__(self):
            raise LookupError

    class Fails(Worker):
        retries = 0

        def perform(self):
            raise Mute

    Fails.perform_queue()
    work_off(backend)
    assert backend.dead()[0].failure["error"] == "Mute"


def test_sys_exit_in_a_job_is_a_failure_and_ends_no_processor(backend, fails, note, done, join, caplog):
    class Exits(fails):
        def perform(self):
            sys.exit("goodbye")

    Exits.perform_queue()
    note.perform_queue("good")
    Processor.start(1)
    join(backend)
    assert done == [("good",)]
    ((_, job),) = backend.retrying()
    assert json.loads(job.payload)["failure"]["error"] == "SystemExit"
    assert [record.exc_info[0] for record in caplog.records] == [SystemExit]


@pytest.mark.parametrize(
    "step", [step4_redis_queue, step5_reliable_queue, step6_schedule], ids=lambda step: step.__name__
)
def test_a_worker_of_an_earlier_step_is_tried_again_by_default(backend, registry, step):
    class Early(step.Worker):
        retries = 0  # it knows nothing of this

        def perform(self):
            raise OSError

    Early.perform_queue()
    work_off(backend)
    ((wait, job),) = backend.retrying()
    assert 14 < wait <= 25
    assert call(job) == {"worker": "Early", "args": []}


def test_the_next_tries_are_shown_first(backend, fails):
    waits = [30, 10, 20]
    fails.backoff = staticmethod(lambda tries: waits.pop(0))
    for number in range(3):
        fails.perform_queue(number)
    work_off(backend)
    assert [call(job)["args"] for _, job in backend.retrying()] == [[1], [2], [0]]
    assert [call(job)["args"] for _, job in backend.retrying(2)] == [[1], [2]]


def bad_backoff(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (LookupError("no idea"), "LookupError"),
        (math.nan, "ValueError"),
        (math.inf, "ValueError"),
        (-1, "ValueError"),
        (10**400, "OverflowError"),
        (None, "TypeError"),
        ("soon", "ValueError"),
    ],
    ids=repr,
)
def test_a_job_whose_worker_does_not_say_when_is_dead_with_that_reason(
    backend, fails, note, done, raw, caplog, answer, error
):
    fails.backoff = staticmethod(lambda tries: bad_backoff(answer))
    payload = b'{"worker":"Fails",  "args":[1]}'
    raw.lpush("luffy:queue", payload)
    note.perform_queue("good")
    work_off(backend)
    assert done == [(1,), ("good",)]
    assert places(backend) == {"dead": 1}
    (dead,) = backend.dead()
    assert dead.job.payload == payload
    assert dead.failure["error"] == error
    assert "OSError: 429" in caplog.text


@pytest.mark.parametrize("retries", [None, "many", []], ids=repr)
def test_a_job_whose_worker_has_no_number_of_retries_is_dead(backend, fails, note, done, retries):
    fails.retries = retries
    fails.perform_queue(1)
    note.perform_queue("good")
    work_off(backend)
    assert done == [(1,), ("good",)]
    assert backend.dead()[0].failure["error"] == "TypeError"


# The dead

NO_JOBS = [
    b'{"worker": "Fails", "args": [3',
    b"",
    b"\xff\xfe\x00",
    b'{"worker": "Fails", "args": ["\xff"]}',
    b"null",
    b'{"worker": "Fails", "args": {"a": 1}}',
    b'{"unread": 3}',
    b'{"failure": 3, "crashes": "x"}',
    b"[" * 100_000,
]


def test_what_is_no_job_is_dead_at_once_and_kept_byte_for_byte(backend, fails, note, done, raw, caplog):
    for payload in NO_JOBS:
        raw.lpush("luffy:queue", payload)
    note.perform_queue("good")
    work_off(backend)
    records = list(caplog.records)
    caplog.clear()  # too long to show
    assert done == [("good",)]
    assert places(backend) == {"dead": len(NO_JOBS)}
    assert sorted(dead.job.payload for dead in backend.dead()) == sorted(NO_JOBS)
    assert {dead.failure["error"] for dead in backend.dead()} <= {"ValueError", "RecursionError"} | {
        "JSONDecodeError",
        "UnicodeDecodeError",
    }
    assert {dead.failure["tries"] for dead in backend.dead()} == {1}
    assert {record.levelno for record in records} == {logging.ERROR}


TOMORROW = '{"args": ["é", 1.50],"worker":"Tomorrow",  "more": 9007199254740993}'.encode()


def test_a_job_of_an_unknown_worker_is_tried_again_another_process_may_know_it(backend, registry, done, raw, caplog):
    raw.lpush("luffy:queue", TOMORROW)
    work_off(backend)
    ((seconds, job),) = backend.retrying()
    assert 14 < seconds <= 25
    own = {name: fields(job.payload)[name] for name in ("id", "failure")}
    assert fields(job.payload) == fields(TOMORROW) | own
    assert "no worker 'Tomorrow' here" in own["failure"]["message"]
    assert f"{TOMORROW.decode()} (try 1 of 26) failed" in caplog.text

    class Tomorrow(Worker):
        def perform(self, *args):
            done.append(args)

    pass_time(backend, raw)
    work_off(backend)
    assert done == [("é", 1.5)]
    assert places(backend) == {}


def test_a_job_of_a_worker_that_nobody_ever_knows_is_dead_in_the_end_and_can_be_sent_back(backend, registry, raw):
    raw.lpush("luffy:queue", TOMORROW)
    for _ in range(26):
        pass_time(backend, raw)
        work_off(backend)
    (dead,) = backend.dead()
    assert (dead.failure["error"], dead.failure["tries"]) == ("LookupError", 26)
    assert backend.requeue(dead) == 1
    assert fields(raw.lindex("luffy:queue", 0)).items() >= fields(TOMORROW).items()


@pytest.fixture
def dead(backend, fails):
    """Three dead jobs, the latest first."""
    fails.retries = 0
    for number in range(3):
        fails.perform_queue(number)
        work_off(backend)
    return backend.dead()


def test_the_dead_are_shown_the_latest_first(backend, dead):
    assert [call(one.job)["args"] for one in dead] == [[2], [1], [0]]
    assert backend.dead(2) == dead[:2]
    assert backend.dead(9) == dead


def test_a_dead_job_that_is_sent_back_is_tried_as_if_it_were_new(backend, dead, fails, raw):
    fails.retries = 2
    assert backend.requeue(dead[1]) == 1
    assert places(backend) == {"waiting": 1, "dead": 2}
    assert "failure" not in json.loads(raw.lindex("luffy:queue", 0))
    work_off(backend)
    ((_, job),) = backend.retrying()
    assert json.loads(job.payload)["failure"]["tries"] == 1


def test_sending_back_or_throwing_away_a_dead_job_twice_does_nothing_more(backend, dead):
    assert backend.requeue(dead[0]) == 1
    assert backend.requeue(dead[0]) == 0
    assert backend.discard(dead[0]) == 0
    assert places(backend) == {"waiting": 1, "dead": 2}
    assert backend.discard(dead[1]) == 1
    assert backend.discard(dead[1]) == 0
    assert backend.requeue(dead[1]) == 0
    assert places(backend) == {"waiting": 1, "dead": 1}
    assert backend.dead() == [dead[2]]


def test_all_dead_jobs_can_be_sent_back_or_thrown_away_at_once(backend, dead, fails):
    assert backend.requeue(*dead) == 3
    assert backend.requeue(*dead) == 0
    assert places(backend) == {"waiting": 3}
    work_off(backend)
    assert backend.discard(*dead, *backend.dead()) == 3
    assert places(backend) == {}
    assert (backend.requeue(), backend.discard()) == (0, 0)


def test_dead_jobs_are_sent_back_once_although_many_do_so_at_once(backend, dead, aside):
    everybody = threading.Barrier(6)

    def requeue():
        one = RedisBackend()
        everybody.wait(10)
        return one.requeue(*dead)

    assert sum(future.result(timeout=20) for future in [aside(requeue) for _ in range(6)]) == 3
    assert places(backend) == {"waiting": 3}


def test_only_the_latest_dead_jobs_are_kept(backend, fails, monkeypatch):
    assert RedisBackend.most_dead == 10_000
    monkeypatch.setattr(RedisBackend, "most_dead", 3)
    fails.retries = 0
    for number in range(5):
        fails.perform_queue(number)
        work_off(backend)
        assert len(backend.dead()) == min(number + 1, 3)
    assert [call(one.job)["args"] for one in backend.dead()] == [[4], [3], [2]]


def test_dead_jobs_are_kept_for_six_months(backend, fails, raw):
    now = backend.now()
    raw.zadd("luffy:queue:dead", {b'{"args": ["young"]}': now - 179.9 * DAY, b'{"args": ["old"]}': now - 180.1 * DAY})
    fails.perform_queue("retried")
    work_off(backend)
    assert [json.loads(one.job.payload)["args"] for one in backend.dead()] == [["young"]]


def test_a_job_whose_processors_were_gone_three_times_is_dead_and_can_be_sent_back(backend, note, done, raw):
    note.perform_queue("poison")
    before = json.loads(raw.lindex("luffy:queue", 0))
    for _ in range(3):
        other = RedisBackend()
        other.get(timeout=5)
        go(other, raw)
        backend.recover()
    (dead,) = backend.dead()
    assert (dead.failure["error"], dead.failure["tries"]) == ("Crash", 3)
    assert json.loads(dead.job.payload) == before
    assert backend.requeue(dead) == 1
    work_off(backend)
    assert done == [("poison",)]


def test_crashes_and_failures_of_one_job_are_counted_apart(backend, fails, raw):
    fails.perform_queue(1)
    other = RedisBackend()
    other.get(timeout=5)
    go(other, raw)
    backend.recover()
    work_off(backend)
    job = json.loads(raw.zrange("luffy:queue:retry", 0, -1)[0])
    assert (job["crashes"], job["failure"]["tries"]) == (1, 1)


# One place at a time


@pytest.mark.parametrize("retries", [0, 2])
def test_a_job_that_fails_after_it_was_put_back_is_not_in_two_places(backend, fails, raw, retries):
    fails.retries = retries
    fails.perform_queue(1)
    job = backend.get(timeout=5)
    go(backend, raw)  # frozen for too long
    RedisBackend().recover()
    backend.mine().fail(job, OSError("429"))
    backend.task_done()
    assert places(backend) == {"waiting": 1}


@pytest.mark.parametrize(("retries", "place"), [(0, "dead"), (2, "retrying")])
def test_a_failed_job_is_in_one_place_when_the_reply_is_lost(redis_url, fails, done, caplog, retries, place):
    with Proxy(redis_url) as proxy:
        backend = Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        fails.retries = retries

        def perform(self, *args):
            proxy.fail("drop", b"EVAL")
            done.append(args)
            raise OSError("429")

        fails.perform = perform
        fails.perform_queue(1)
        processor = Processor(0, backend)
        processor.leaving = lambda: bool(done and processor.stopping.is_set())
        processor.failed = lambda job, error: (processor.stopping.set(), Processor.failed(processor, job, error))
        processor.run()
        assert proxy.dropped.is_set()
        assert places(backend) == {place: 1}
        with pytest.raises(queue.Empty):
            backend.get(block=False)
        assert places(backend) == {place: 1}
    assert done == [(1,)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


def test_a_failed_job_is_tried_again_soon_when_what_becomes_of_it_did_not_arrive(backend, fails, done, monkeypatch):
    lost = []
    move = backend.set_aside

    def lose_the_first(*args, **options):
        if not lost:
            lost.append(args)
            raise redis.ConnectionError("away")
        return move(*args, **options)

    monkeypatch.setattr(backend, "set_aside", lose_the_first)
    fails.perform_queue(1)
    processor = Processor(0, backend)
    processor.stopping.wait = lambda timeout: None  # the second until it begins again
    processor.leaving = lambda: len(done) == 2
    processor.run()
    assert done == [(1,)] * 2
    assert places(backend) == {"retrying": 1}


def test_a_server_that_takes_no_writes_forgets_no_job_that_fails(server, fails, monkeypatch):
    monkeypatch.setenv("REDIS_URL", server.start())
    backend = Luffy.backend = RedisBackend()
    fails.perform_queue(1)
    job = backend.get(timeout=5)
    backend.redis.config_set("min-replicas-to-write", 1)
    backend.mine().fail(job, OSError("429"))
    with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
        backend.task_done()
    assert places(backend) == {"in flight": 1}
    backend.redis.config_set("min-replicas-to-write", 0)
    work_off_one = backend.get(timeout=5)
    assert work_off_one == job
    backend.mine().fail(job, OSError("429"))
    backend.task_done()
    assert places(backend) == {"retrying": 1}


def test_each_of_many_threads_decides_for_its_own_job(backend, fast_poll, registry, join, eventually):
    class Odd(Worker):
        retries = 0

        def perform(self, number):
            if number % 2:
                raise OSError(str(number))

    Odd.perform_bulk([number] for number in random.sample(range(200), 200))
    Processor.start(8)
    join(backend)
    assert places(backend) == {"dead": 100}
    found = backend.dead()
    assert sorted(call(one.job)["args"][0] for one in found) == list(range(1, 200, 2))
    assert all(one.failure["message"] == f"OSError: {call(one.job)['args'][0]}" for one in found)


# Steps that do not fit together


def test_a_processor_of_step_4_is_refused_with_a_sentence(backend):
    with pytest.raises(TypeError, match=r"^<RedisBackend .*> wants processors of its own step, .*step7.*step4.*\.$"):
        step4_redis_queue.Processor.start(1)


def test_a_backend_of_an_earlier_step_is_refused_with_a_sentence(redis_url):
    for step in (step4_redis_queue, step5_reliable_queue, step6_schedule):
        Luffy.backend = step.RedisBackend()
        with pytest.raises(TypeError, match=r"^<RedisBackend .*> forgets jobs that fail: use .*step7_retries.*\.$"):
            Processor.start(1)
    Luffy.backend = queue.Queue()
    with pytest.raises(TypeError, match=r"^<queue.Queue .*> forgets jobs that fail: use .*step7_retries.*\.$"):
        Processor.start(1)


# Failures that others have written

NO_FAILURES = ['"x"', "[]", "{}", "null", "7", '{"tries": "x"}', '{"tries": -1e9}', '{"tries": -5}', '{"tries": null}']
NO_FAILURES += ['{"tries": [1]}', '{"tries": 1e999}', '{"tries": NaN}', '{"tries": 0}', '{"tries": 1.5}']


@pytest.mark.parametrize("failure", NO_FAILURES)
def test_a_failure_that_makes_no_sense_counts_for_none(backend, fails, done, raw, failure):
    raw.lpush("luffy:queue", f'{{"worker": "Fails", "args": [1], "failure": {failure}}}')
    work_off(backend)
    ((_, job),) = backend.retrying()
    found = json.loads(job.payload)["failure"]
    assert (found["error"], found["tries"]) == ("OSError", 1)
    assert done == [(1,)]


@pytest.mark.parametrize("tries", [2, 25, 10**9, 10**4000], ids=lambda tries: str(tries)[:9])
def test_a_job_that_claims_many_tries_is_dead_after_the_next(backend, fails, note, done, raw, tries):
    raw.lpush("luffy:queue", f'{{"worker": "Fails", "args": [1], "failure": {{"tries": {tries}}}}}')
    note.perform_queue("good")
    work_off(backend)
    assert done == [(1,), ("good",)]
    (dead,) = backend.dead()
    assert dead.failure["tries"] == min(tries, 10**9) + 1
    assert call(dead.job) == {"worker": "Fails", "args": [1]}


ENTRIES = [
    b"",
    b"\xff",
    b"[]",
    b"{}",
    b"null",
    b'{"failure": []}',
    b'{"failure": "x"}',
    b'{"crashes": "x"}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: repr(entry[:20]))
def test_what_others_have_put_among_the_dead_can_be_seen_and_thrown_away(backend, raw, entry):
    raw.zadd("luffy:queue:dead", {entry: 1})
    (dead,) = backend.dead()
    assert dead.entry == entry
    assert backend.discard(dead) == 1
    assert places(backend) == {}


@pytest.mark.parametrize("unread", ["3", '"x"', '"\\ud800"', "null"])
def test_a_job_may_have_a_field_of_the_name_that_the_dead_use(backend, fails, raw, unread):
    fails.retries = 0
    raw.lpush("luffy:queue", f'{{"worker": "Fails", "args": [1], "unread": {unread}}}')
    work_off(backend)
    (dead,) = backend.dead()
    assert call(dead.job) == {"worker": "Fails", "args": [1]}


def test_a_number_of_tries_as_long_as_python_reads_is_no_way_to_lose_the_job(backend, fails, note, done, raw):
    raw.lpush("luffy:queue", '{"worker": "Fails", "args": [1], "failure": {"tries": ' + "9" * 4300 + "}}")
    note.perform_queue("good")
    work_off(backend)
    assert places(backend) == {"dead": 1}


def test_a_number_of_crashes_as_long_as_python_reads_does_not_keep_others_from_being_put_back(backend, note, raw):
    other = RedisBackend()
    raw.lpush("luffy:queue", '{"worker": "Note", "args": [1], "crashes": ' + "9" * 4300 + "}")
    note.perform_queue(2)
    other.get(timeout=5)
    other.get(timeout=5)
    go(other, raw)
    backend.recover()
    assert backend.in_flight() == []


def test_a_note_on_an_error_does_not_hide_its_message(backend, fails):
    def perform(self):
        error = OSError("429")
        error.add_note("seen at noon")
        raise error

    fails.retries, fails.perform = 0, perform
    fails.perform_queue()
    work_off(backend)
    assert "429" in backend.dead()[0].failure["message"]


def test_a_backoff_that_exits_does_not_lose_the_job(backend, fails):
    fails.backoff = staticmethod(lambda tries: sys.exit())
    fails.perform_queue(1)
    work_off(backend)
    assert places(backend) == {"dead": 1}


def test_the_dead_and_those_to_be_tried_again_can_be_read_in_pages(backend, raw):
    for place in ("dead", "retry"):
        raw.zadd(f"luffy:queue:{place}", {json.dumps({"worker": "Note", "args": [n]}): n for n in range(1, 8)})

    def numbers(jobs):
        return [fields(job.payload)["args"][0] for job in jobs]

    assert numbers(one.job for one in backend.dead(3, 2)) == [5, 4, 3]
    assert numbers(one.job for one in backend.dead(3, 6)) == [1]
    assert numbers(one.job for one in backend.dead(first=5)) == [2, 1]
    assert numbers(job for _, job in backend.retrying(3, 2)) == [3, 4, 5]
    assert numbers(job for _, job in backend.retrying(first=5)) == [6, 7]
    assert backend.dead(3, 7) == backend.retrying(3, 7) == []


@pytest.mark.parametrize("failure", [3, [1], "text", True])
def test_a_failure_that_is_none_is_not_told(backend, raw, failure):
    raw.zadd("luffy:queue:dead", {json.dumps({"worker": "Note", "args": [], "failure": failure}): 1})
    (dead,) = backend.dead()
    assert dead.failure["error"] == "NotNoted"
