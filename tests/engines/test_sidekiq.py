"""Sidekiq, the real one in Ruby, beside our processors: each does the other's jobs."""

import contextlib
import functools
import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
import redis
from servers import TIED, VALKEY, program, server

from luffy_lesson.step10_process import Job, Luffy, Message, Processor, Worker, fields
from luffy_lesson.step11_engines.sidekiq import SidekiqBackend

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("registry")]
HERE = Path(__file__).parent
KINDS = [None, True, -1, 2**70, 0.1, 1e300, "ß€😀\n\0", [], {"a": [{"b": None}]}, "x" * 20_000]


@pytest.fixture(scope="module")
def url():
    with server(VALKEY) as port:
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def raw(url):
    """A plain client, to an empty server."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def backend(raw, url, monkeypatch):
    """A backend whose processors take what is for Python."""
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setattr(SidekiqBackend, "poll_every", 0.05)
    Luffy.backend = SidekiqBackend(queues=["python"], beat_every=0.1, gone_after=1.0)
    return Luffy.backend


@contextlib.contextmanager
def started(*command, url, **environment):
    """Run a program that is killed at the end. Yield its process."""
    environment = os.environ | environment | {"REDIS_URL": url}
    tied = [*TIED, *map(str, command)]
    with subprocess.Popen(tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.stdin.close()


@pytest.fixture
def sidekiq(raw, url, eventually):
    """A real Sidekiq, which takes what is for Ruby."""
    command = [program("sidekiq"), "-r", HERE / "sidekiq_workers.rb", "-q", "ruby", "-c", "2"]
    with started("sh", "-c", 'exec "$@" > /dev/null', "sh", *command, url=url) as process:
        eventually(lambda: raw.scard("processes"))
        yield process


@pytest.fixture
def ruby(url):
    """Run lines of Ruby that know the workers, and return what they print."""
    program("sidekiq")

    def run(lines):
        command = ["ruby", "-r", HERE / "sidekiq_workers.rb", "-r", "sidekiq/api", "-e", lines]
        environment = os.environ | {"REDIS_URL": url}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        return done.stdout.strip()

    return run


class Page:
    """Sidekiq's web page, as somebody sees it who reads its text and presses its buttons."""

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}/"
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def read(self, path, data=None):
        return self.browser.open(self.address + path, data, timeout=30).read().decode()

    def press(self, path, action, **form):
        """Press a button on the page `path`."""
        token = re.search(r"name='authenticity_token' value='([^']*)'", self.read(path))[1]
        return self.read(action, urllib.parse.urlencode(form | {"authenticity_token": token}).encode())


@pytest.fixture
def page(raw, url):
    program("sidekiq")
    with started("ruby", HERE / "sidekiq_web.rb", url=url) as process:
        yield Page(int(process.stdout.readline()))


@pytest.fixture
def note(done, registry):
    """A worker that notes its arguments; Ruby has one of that name, and its jobs are for that."""

    class Note(Worker):
        queue = "ruby"

        def perform(self, *args):
            done.append(list(args))

    return Note


@pytest.fixture
def hands(note, done):
    """A worker for our processors alone."""

    class Hands(note):
        queue = "python"

    return Hands


@pytest.fixture
def fails(done, registry):
    """A worker that raises; in Ruby, too."""

    class Fails(Worker):
        queue = "python"
        retries = 2

        def perform(self, *args):
            done.append(list(args))
            raise OSError("429 Too Many Requests")

    return Fails


def of_ruby(raw):
    """What Ruby has done."""
    return [json.loads(entry)[1] for entry in raw.lrange("test:done", 0, -1)]


def only(raw, place):
    """What the only job says that is in a sorted set."""
    (entry,) = raw.zrange(place, 0, -1)
    return json.loads(entry)


def work_off(backend):
    """Let a processor do in this thread what waits, until nothing does."""
    processor = Processor(0, backend)
    processor.leaving = lambda: not backend.qsize()
    processor.run()


def pass_time(raw, place="retry"):
    for entry in raw.zrange(place, 0, -1):
        raw.zadd(place, {entry: 1})


# Jobs


def test_ruby_does_our_jobs_now_later_and_in_bulk(backend, sidekiq, raw, note, eventually):
    assert note.perform_in(0.1, "later") == 1
    note.perform_queue(*KINDS)
    note.perform_bulk([[number] for number in range(300)])
    eventually(lambda: len(of_ruby(raw)) == 302)
    assert all(one in of_ruby(raw) for one in [["later"], KINDS, *([number] for number in range(300))])
    assert raw.zcard("schedule") == raw.llen("queue:ruby") == 0
    assert raw.smembers("queues") == {"ruby"}


def test_our_processors_do_rubys_jobs_now_later_and_in_bulk(backend, ruby, raw, hands, done, eventually):
    ruby(
        "Hands.perform_in(0.3, 'later'); Hands.perform_bulk((0...1500).map { |number| [number] })"
        "; Hands.perform_async(nil, true, -1, 2**70, 0.1, 1e300, 'ß€', [], {'a' => [{'b' => nil}]})"
    )
    pool = Processor.start(2)
    eventually(lambda: len(done) == 1502)
    pool.stop()
    assert ["later"] in done
    assert [None, True, -1, 2**70, 0.1, 1e300, "ß€", [], {"a": [{"b": None}]}] in done
    assert sorted(args[0] for args in done if type(args[0]) is int) == list(range(1500))
    assert raw.zcard("schedule") == raw.llen("queue:python") == 0


def test_a_job_of_ours_is_written_as_ruby_writes_it(backend, ruby, raw, hands):
    ruby("Hands.perform_async(1); Hands.perform_in(100, 1)")
    theirs = json.loads(raw.lpop("queue:python")), only(raw, "schedule")
    raw.unlink("schedule")
    hands.perform_queue(1)
    hands.perform_in(100, 1)
    ours = json.loads(raw.lpop("queue:python")), only(raw, "schedule")
    for mine, its in zip(ours, theirs, strict=True):
        assert {name: type(value) for name, value in mine.items()} == {
            name: int if name == "retry" else type(value) for name, value in its.items()
        }
        assert mine["class"] == "Hands"
        assert re.fullmatch("[0-9a-f]{24}", mine["jid"])
        assert abs(mine["created_at"] - time.time()) < 60


def test_what_fails_in_ruby_is_tried_again_here(backend, sidekiq, raw, fails, done, eventually):
    class Fails(fails):
        queue = "ruby"

        def perform(self, *args):
            done.append(list(args))

    Fails.perform_queue("x")
    eventually(lambda: raw.zcard("retry"))
    told = only(raw, "retry")
    assert (told["error_class"], told["retry_count"], told["queue"]) == ("ArgumentError", 0, "ruby")
    sidekiq.stdin.close()  # ends it
    sidekiq.wait(10)
    pass_time(raw)
    backend = SidekiqBackend(queues=["ruby"])
    backend.promote()
    work_off(backend)
    assert done == [["x"]]
    assert not raw.exists("retry", "dead", "queue:ruby")


def test_what_fails_here_is_tried_again_in_ruby(raw, sidekiq, url, backend, fails, done, eventually):
    backend.put(Job(fails, ("x",)))
    work_off(backend)
    told = only(raw, "retry")
    assert (told["error_class"], told["error_message"]) == ("OSError", "429 Too Many Requests")
    assert told["retry_count"] == 0
    assert told["queue"] == "python"
    assert abs(told["failed_at"] - time.time()) < 60
    assert 14 < raw.zrange("retry", 0, 0, withscores=True)[0][1] - time.time() < 26  # step 7's curve, and Sidekiq's
    told["queue"] = "ruby"
    raw.unlink("retry")
    raw.zadd("retry", {json.dumps(told): 1})
    eventually(lambda: [json.loads(entry)["retry_count"] for entry in raw.zrange("retry", 0, -1)] == [1])
    told = only(raw, "retry")
    assert told["error_class"] == "ArgumentError"
    assert told["retried_at"] >= told["failed_at"]
    assert done == [["x"]]


def test_one_count_of_tries_for_both_until_the_job_is_dead(backend, ruby, raw, fails, done):
    ruby("Sidekiq::Client.push('class' => 'Fails', 'queue' => 'python', 'retry' => 1, 'args' => ['x'])")
    work_off(backend)
    pass_time(raw)
    backend.promote()
    work_off(backend)
    assert done == [["x"], ["x"]]
    assert ruby("puts Sidekiq::DeadSet.new.map { |job| [job.klass, job['retry_count'], job['error_class']] }") == (
        "Fails\n1\nOSError"
    )
    (dead,) = backend.dead()
    assert dead.failure["tries"] == 2
    assert fields(dead.job.payload).keys() == {
        "class", "args", "jid", "queue", "retry", "created_at", "enqueued_at",
    }  # fmt: skip
    assert backend.requeue(dead) == 1
    assert backend.sizes() == {"waiting": 1, "in flight": 0, "dead": 0, "scheduled": 0, "retrying": 0}


KILLED = """
import sys, threading
from luffy_lesson.step10_process import Luffy, Processor, Worker
from luffy_lesson.step11_engines.sidekiq import SidekiqBackend
def perform(self, number):
    if Luffy.backend.redis.rpush("test:ours", number) == 50:
        print("began", flush=True)
        threading.Event().wait()
type(sys.argv[1], (Worker,), {"perform": perform})
Luffy.backend = SidekiqBackend(queues=[sys.argv[2]], beat_every=0.1, gone_after=1.0)
Processor.start(3)
print("ready", flush=True)
threading.Event().wait()
"""
"""A process of ours that has a job in hand for ever, the fiftieth."""


def kill_one_in_a_job(put, name, queue, url, environment):
    """Let a process of ours do jobs of the worker `name`, which are put there, and kill it."""
    with started(sys.executable, "-c", KILLED, name, queue, url=url, **environment) as process:
        assert process.stdout.readline() == "ready\n"
        put()
        assert process.stdout.readline() == "began\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def test_of_rubys_jobs_none_is_lost_when_a_process_of_ours_is_killed(
    backend, ruby, raw, url, hands, done, eventually, environment
):
    put = functools.partial(ruby, "Hands.perform_bulk((0...300).map { |number| [number] })")
    kill_one_in_a_job(put, "Hands", "python", url, environment)
    assert any(key.startswith("luffy:queue:python:in_flight:") for key in raw.scan_iter())
    in_hand = int(raw.lindex("test:ours", 49))
    pool = Processor.start(2)
    eventually(lambda: [in_hand] in done)
    backend.join()
    pool.stop()
    before = {int(number) for number in raw.lrange("test:ours", 0, -1)}
    assert before | {number for (number,) in done} == set(range(300))


def test_of_the_jobs_that_both_do_none_is_lost_when_a_process_of_ours_is_killed(
    raw, sidekiq, url, monkeypatch, note, done, eventually, environment
):
    monkeypatch.setenv("REDIS_URL", url)
    Luffy.backend = backend = SidekiqBackend(queues=["ruby"], beat_every=0.1, gone_after=1.0)
    put = functools.partial(note.perform_bulk, [[number] for number in range(1500)])
    kill_one_in_a_job(put, "Note", "ruby", url, environment)
    pool = Processor.start(2)
    eventually(lambda: not any(backend.sizes().values()))
    pool.stop()
    ours = {int(number) for number in raw.lrange("test:ours", 0, -1)} | {number for (number,) in done}
    eventually(lambda: ours | {number for (number,) in of_ruby(raw)} == set(range(1500)))
    assert of_ruby(raw)


def test_a_job_that_kills_three_processes_is_dead(backend, raw, hands):
    hands.perform_queue(1)
    for _ in range(3):
        consumer = backend.consumer()
        consumer.get(timeout=5)
        raw.zadd(backend.heartbeats, {consumer.key: 1})
        backend.recover()
    assert only(raw, "dead")["error_class"] == "Crash"
    (dead,) = backend.dead()
    assert backend.requeue(dead) == 1
    work_off(backend)
    assert backend.sizes()["dead"] == 0


def test_what_our_processors_have_in_hand_is_counted(backend, raw, hands):
    hands.perform_bulk([[1], [2]])
    message = backend.get(timeout=5)
    assert backend.count() == [1, 1]
    assert backend.in_flight() == [message]
    backend.task_done()
    assert backend.count() == [1, 0]


def test_what_has_become_due_waits_from_then_on(backend, raw, hands):
    hands.perform_in(100, 1)
    pass_time(raw, "schedule")
    assert "enqueued_at" not in only(raw, "schedule")
    backend.promote()
    told = json.loads(raw.lindex("queue:python", 0))
    assert abs(told["enqueued_at"] - time.time()) < 60


def test_a_job_may_name_another_queue_for_its_next_try(backend, raw, fails):
    raw.lpush("queue:python", json.dumps({"class": "Fails", "args": [], "queue": "python", "retry_queue": "low"}))
    work_off(backend)
    pass_time(raw)
    backend.promote()
    assert raw.llen("queue:low") == 1


# The web page


def test_the_web_page_shows_our_jobs_wherever_they_are(backend, page, raw, hands, fails):
    hands.perform_queue("one that waits")
    assert "one that waits" in page.read("queues/python")
    raw.unlink("queue:python")
    hands.perform_in(100, "one for later")
    assert "one for later" in page.read("scheduled")
    fails.perform_queue("one that failed")
    work_off(backend)
    text = page.read("retries")
    assert "one that failed" in text
    assert "OSError: 429 Too Many Requests" in text
    assert "429 Too Many Requests" in page.read(re.search(r'href="/(retries/[^"]+)"', text)[1])
    fails.retries = 0
    fails.perform_queue("one that died")
    work_off(backend)
    assert "one that died" in page.read("morgue")


def test_a_dead_job_is_sent_back_by_a_button_of_the_web_page(backend, page, raw, fails, done):
    fails.retries = 0
    fails.perform_queue("x")
    work_off(backend)
    page.press("morgue", "morgue/all/retry", retry="1")
    assert (raw.zcard("dead"), backend.qsize()) == (0, 1)
    work_off(backend)
    assert done == [["x"], ["x"]]


def test_the_web_page_shows_our_pool_with_its_job_in_hand_and_quiets_it(
    backend, page, raw, gate, registry, eventually, monkeypatch
):
    monkeypatch.setattr(SidekiqBackend, "report_every", 0.1)

    class Hands(Worker):
        queue = "python"

        def perform(self, text):
            gate.wait(30)

    Hands.perform_queue("one in hand")
    pool = Processor.start(2)
    eventually(lambda: "one in hand" in page.read("busy"))
    assert "luffy_lesson" in page.read("busy")
    page.press("busy", "busy", identity=pool.id, quiet="1")
    eventually(lambda: pool.quieted)
    gate.set()
    pool.stop()
    assert not raw.exists("processes")
    assert pool.id not in page.read("busy")


# What may come from anybody


@pytest.mark.parametrize("name", ["print", "dict", "Worker", "Processor", "os.getpid"])
def test_only_workers_are_ever_called(backend, ruby, raw, name):
    ruby(f"Sidekiq::Client.push('class' => '{name}', 'queue' => 'python', 'args' => [1])")
    work_off(backend)
    told = only(raw, "retry")  # another process may know it
    assert told["error_class"] == "LookupError"
    assert told["error_message"] == f"no worker '{name}' here, only []"


DEEP = '{"class": "Hands", "args": ' + "[" * 64 + "]" * 64 + "}"  # 65 levels


@pytest.mark.parametrize(
    "payload", ["", "[]", '{"args": [1]}', '{"class": "Hands"}', '{"class": "Hands", "args": {}}', DEEP]
)
def test_what_is_no_job_is_dead_as_it_is(backend, raw, hands, done, payload):
    raw.lpush("queue:python", payload)
    work_off(backend)
    assert raw.zrange("dead", 0, -1) == [payload]
    assert [dead.entry.decode() for dead in backend.dead()] == [payload]
    assert done == []


@pytest.mark.parametrize(("said", "place"), [({"retry": False}, None), ({"retry": 0, "dead": False}, None)])
def test_a_job_may_say_that_it_is_forgotten_when_it_fails(backend, raw, fails, done, said, place):
    raw.lpush("queue:python", json.dumps({"class": "Fails", "args": [1], "jid": "x"} | said))
    work_off(backend)
    assert done == [[1]]
    assert not raw.exists("retry", "dead", "queue:python")


@pytest.mark.parametrize("said", [True, None])
def test_a_job_may_leave_it_to_its_worker_how_often_it_is_tried(backend, raw, fails, said):
    raw.lpush("queue:python", json.dumps({"class": "Fails", "args": [], "retry": said, "retry_count": 1}))
    work_off(backend)
    assert only(raw, "dead")["retry_count"] == 2


def test_a_job_goes_to_a_queue_of_rubys_whatever_its_name(backend, raw, hands):
    raw.zadd("schedule", {json.dumps({"class": "Hands", "args": [], "queue": "mail.out:1"}): 1})
    backend.promote()
    assert raw.llen("queue:mail.out:1") == 1
    assert raw.smembers("queues") == {"mail.out:1"}


def test_a_backoff_that_is_no_number_is_said_and_the_job_dead(backend, raw, fails, caplog):
    fails.backoff = staticmethod(lambda tries: -1)
    fails.perform_queue(1)
    work_off(backend)
    assert raw.zcard("dead") == 1
    assert "Fails.backoff(0) is -1.0, and not a number of seconds" in caplog.text


# Bounds


@pytest.mark.parametrize("name", ["expires_in", "unique_for"])
def test_what_sidekiq_does_not_heed_is_refused(backend, raw, registry, name):
    worker = type("Wants", (Worker,), {name: 5})
    for call in (worker.perform_queue, lambda: worker.perform_in(1), lambda: worker.perform_bulk([[]])):
        with pytest.raises(TypeError, match=rf"Wants\.{name} is 5, which Sidekiq does not heed: leave it out"):
            call()
    assert raw.dbsize() == 0


def test_text_that_ruby_cannot_read_is_refused(backend, raw, note):
    with pytest.raises(TypeError, match="Note: Ruby cannot read this text"):
        note.perform_queue("\ud800")
    with pytest.raises(TypeError, match="JSON"):
        note.perform_queue({1: 2})
    assert raw.dbsize() == 0


def test_from_version_8_on_times_are_whole_milliseconds(raw, url, fails, monkeypatch):
    """So its documentation says; Debian has 6.4."""
    monkeypatch.setenv("REDIS_URL", url)
    backend = SidekiqBackend(version=8, queues=["python"])
    backend.put(Job(fails, (1,)))
    told = json.loads(raw.lindex("queue:python", 0))
    for name in ("created_at", "enqueued_at"):
        assert isinstance(told[name], int)
        assert abs(told[name] / 1000 - time.time()) < 60
    work_off(backend)
    told = only(raw, "retry")
    assert isinstance(told["failed_at"], int)
    assert 14 < raw.zrange("retry", 0, 0, withscores=True)[0][1] - time.time() < 26  # scores stay seconds


def test_times_of_both_kinds_are_read(backend, raw, hands):
    for since in (time.time() - 90, int(1000 * (time.time() - 90))):
        raw.unlink("queue:python")
        backend.put(
            Message(json.dumps({"class": "Hands", "args": [], "queue": "python", "enqueued_at": since}).encode())
        )
        assert 89 < backend.latencies()["python"] < 150


def test_a_pool_may_take_from_several_queues(raw, url, monkeypatch, hands, note, done, eventually):
    monkeypatch.setenv("REDIS_URL", url)
    Luffy.backend = SidekiqBackend(queues={"ruby": 2, "python": 1})
    pool = Processor.start(2)
    hands.perform_bulk([[number] for number in range(50)])
    note.perform_bulk([[number] for number in range(50)])
    eventually(lambda: len(done) == 100)
    pool.stop()
    assert Luffy.backend.sizes() == {"waiting": 0, "in flight": 0, "dead": 0, "scheduled": 0, "retrying": 0}


def test_it_shows_no_password(backend, url):
    assert repr(backend) == f"<SidekiqBackend {url.removeprefix('redis://')}>"
