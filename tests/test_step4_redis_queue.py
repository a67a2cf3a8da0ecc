import json
import logging
import queue
import re
import socket
import subprocess
import sys
import threading
import time
import traceback

import pytest
import redis
from proxy import Proxy
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from luffy_lesson import redis_client, step3_memory_queue, step4_redis_queue
from luffy_lesson.step4_redis_queue import Luffy, Message, Processor, RedisBackend, Worker, say

STEP = step4_redis_queue
pytestmark = pytest.mark.usefixtures("registry")


@pytest.fixture
def heavy(registry):
    class VeryHeavyService(Worker):
        def perform(self, seconds):
            say(f"This task loading {seconds} seconds")

    return VeryHeavyService


# What the learner sees


def test_perform_queue_returns_how_many_wait(backend, heavy):
    assert [heavy.perform_queue(3) for _ in range(4)] == [1, 2, 3, 4]


def test_four_jobs_are_done_by_four_different_processors(backend, capsys, join):
    four = threading.Barrier(4)

    class VeryHeavyService(Worker):
        def perform(self, seconds):
            four.wait(10)
            say(f"This task loading {seconds} seconds")

    for _ in range(4):
        VeryHeavyService.perform_queue(3)
    Processor.start(5)
    join(backend)
    Processor.pool.stop(timeout=10)
    lines = capsys.readouterr().out.splitlines()
    assert len(set(lines)) == len(lines) == 4
    assert set(lines) <= {f"[Processor {number}] This task loading 3 seconds" for number in range(5)}


def test_the_backend_shows_its_address_and_never_its_password(redis_url):
    password, address = redis_url.removeprefix("redis://luffy:").split("@")
    assert repr(RedisBackend()) == str(RedisBackend()) == f"<RedisBackend {address}>"
    assert len(password) >= 32
    assert password not in address


def test_what_redis_py_shows_of_the_backend_is_its_address_and_never_its_password(redis_url, monkeypatch):
    password, address = redis_url.removeprefix("redis://luffy:").split("@")
    # As redis-py does before version 8.
    monkeypatch.setattr(redis.ConnectionPool, "__repr__", lambda pool: str(pool.connection_kwargs))
    client = RedisBackend().redis
    for shown in map(repr, (client, client.connection_pool, client.pipeline())):
        assert address in shown
        assert password not in shown


def test_without_redis_url_the_backend_takes_the_default_address_of_redis(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(redis_client, "try_out", lambda *_: None)  # so that no real server is visited
    assert repr(RedisBackend()) == "<RedisBackend localhost:6379/0>"


# On the wire


def test_a_job_on_the_wire_is_worker_and_args_in_the_list_luffy_queue(backend, heavy, raw):
    heavy.perform_queue(3)
    heavy.perform_queue(4)
    assert raw.keys() == [b"luffy:queue"]
    newest, oldest = map(json.loads, raw.lrange("luffy:queue", 0, -1))
    assert oldest == {"worker": "VeryHeavyService", "args": [3]}
    assert newest == {"worker": "VeryHeavyService", "args": [4]}


@pytest.mark.parametrize(
    ("payload", "args"),
    [
        ('{"worker": "Note", "args": [3]}', (3,)),
        ('{"worker":"Note","args":[]}', ()),
        ('{"args": ["é", null, {"a": [1.5, true]}],\n "worker": "Note"}', ("é", None, {"a": [1.5, True]})),
        ('{"worker": "Note", "args": [1], "id": "f3", "queue": "q", "at": 1e9}', (1,)),
    ],
)
def test_a_job_pushed_by_hand_is_done(backend, note, done, raw, payload, args):
    raw.lpush("luffy:queue", payload)
    backend.get(timeout=5).perform()
    assert done == [args]


def test_a_processor_does_jobs_of_other_programs_in_order(backend, note, done, raw, join):
    Processor.start(1)
    for number in range(10):
        raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [number]}))
    join(backend)
    Processor.pool.stop(timeout=10)
    assert done == [(number,) for number in range(10)]


def test_a_job_that_is_put_back_is_the_same_byte_for_byte(backend, note, raw):
    payload = '{"id":"x" ,  "args":[ ],"n":9007199254740993,"worker":"Note", "more": {"é": 1.0}}'.encode()
    raw.lpush("luffy:queue", payload)
    assert backend.put(backend.get(timeout=5)) == 1
    assert raw.lrange("luffy:queue", 0, -1) == [payload]


# From names to classes


def test_a_class_that_is_defined_again_replaces_the_earlier_one(backend, note, done):
    note.perform_queue(1)

    class Note(Worker):
        def perform(self, number):
            done.append(f"new {number}")

    backend.get(timeout=5).perform()
    assert done == ["new 1"]


def test_a_namesake_in_another_module_takes_over_the_jobs_and_a_warning_says_so(backend, note, done, caplog):
    note.perform_queue(1)
    type("Note", (Worker,), {"__module__": "billing", "perform": lambda self, number: done.append(f"bill {number}")})
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    before = f"{note.__module__}.{note.__qualname__}"
    assert record.getMessage() == f"billing.Note takes over the jobs of {before}: rename one of them."
    backend.get(timeout=5).perform()
    assert done == ["bill 1"]


def test_a_class_that_is_defined_again_where_it_was_is_no_namesake(registry, caplog):
    for _ in range(2):  # as in a cell that is run again

        class Note(Worker):
            pass

    assert registry == {"Note": Note}
    assert caplog.records == []


def test_the_base_classes_of_the_steps_are_no_workers(registry, heavy):
    type("Worker", (Worker,), {"__module__": "luffy_lesson.step5_reliable_queue"})
    assert registry == {"VeryHeavyService": heavy}


def test_a_worker_derived_from_a_worker_is_one_too(backend, note, done):
    class Louder(note):
        def perform(self, word):
            super().perform(word.upper())

    Louder.perform_queue("a")
    backend.get(timeout=5).perform()
    assert done == [("A",)]


NO_JOBS = [
    b'{"worker": "Unheard", "args": [3]}',
    b'{"worker": "Worker", "args": []}',
    b'{"worker": "os.system", "args": ["true"]}',
    b'{"worker": "Note", "args": [3',
    b"",
    b"\x00",
    b"perform Note 100% %s {0}",
    b'{"worker": "Note", "args": ["\xff\xfe"]}',
    b"\xff\xff\xff",
    b"null",
    b"[]",
    b'"Note"',
    b"7",
    b"{}",
    b'{"worker": "Note"}',
    b'{"args": [3]}',
    b'{"worker": "Note", "args": 3}',
    b'{"worker": "Note", "args": {"a": 1}}',
    b'{"worker": "Note", "args": null}',
    b'{"worker": ["Note"], "args": []}',
    b'{"worker": null, "args": []}',
    b"[" * 100_000,
    b'{"worker": "Note", "args": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"worker": "Note", "args": [' + b"9" * 5000 + b"]}",
]


def test_what_is_no_job_is_logged_with_its_payload_and_the_next_job_is_taken(backend, note, done, raw, caplog, join):
    for payload in NO_JOBS:
        raw.lpush("luffy:queue", payload)
    note.perform_queue("good")
    Processor.start(1)
    join(backend)
    Processor.pool.stop(timeout=10)
    assert done == [("good",)]
    records, text = list(caplog.records), caplog.text
    caplog.clear()  # too long to show
    for payload, record in zip(NO_JOBS, records, strict=True):
        assert payload.decode(errors="replace") in record.getMessage()
        assert (record.levelno, record.exc_info[0] is None) == (logging.ERROR, False)
    assert re.search(r"LookupError: .*'Unheard'.*'Note'", text)
    assert re.search(r'ValueError: .*{"worker": "VeryHeavyService", "args": \[3\]}', text)


def test_a_job_that_raises_is_logged_with_its_payload_and_the_next_job_is_taken(backend, note, done, caplog, join):
    class Fails(Worker):
        def perform(self, word):
            raise OSError(word)

    Fails.perform_queue("429 Too Many Requests")
    note.perform_queue("good")
    Processor.start(1)
    join(backend)
    Processor.pool.stop(timeout=10)
    assert done == [("good",)]
    (record,) = caplog.records
    assert '{"worker": "Fails", "args": ["429 Too Many Requests"]}' in record.getMessage()
    assert "OSError: 429 Too Many Requests" in caplog.text


def nested(depth):
    inner = []
    for _ in range(depth):
        inner = [inner]
    return inner


def around():
    inner = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({1, 2}, id="set"),
        pytest.param((1, 2), id="tuple"),
        pytest.param([{"a": (1, 2)}], id="tuple inside"),
        pytest.param(float("nan"), id="nan"),
        pytest.param([float("inf")], id="inf inside"),
        pytest.param({1: "a"}, id="number as key"),
        pytest.param({"a": {None: 1}}, id="None as key inside"),
        pytest.param({1: "a", "1": "b"}, id="keys that become equal"),
        pytest.param({(1, 2): 3}, id="tuple as key"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param(object(), id="object"),
        pytest.param(Worker, id="class"),
        pytest.param(1 + 2j, id="complex"),
        pytest.param("\ud83d\ude00", id="two halves of one character"),
        pytest.param(around(), id="list in itself"),
        pytest.param(nested(100_000), id="deep"),
        pytest.param(10**5000, id="long number"),
    ],
)
def test_arguments_that_json_loses_or_changes_are_refused_and_nothing_is_added(backend, note, value):
    with pytest.raises(TypeError, match=r"^Note.*JSON"):
        note.perform_queue("first", value)
    assert backend.qsize() == 0


# Servers that fail


@pytest.fixture(params=["nobody listens", "nobody answers", "wrong password"])
def bad_url(request, redis_url, monkeypatch):
    password = redis_url.removeprefix("redis://luffy:").split("@")[0]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if request.param == "nobody listens":
            silent.close()
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        if request.param == "wrong password":
            password = "anotherpassword"
            url = f"redis://:{password}@{redis_url.partition('@')[2]}"
        monkeypatch.setenv("REDIS_URL", url)
        yield url, password


def test_a_server_that_cannot_be_used_is_reported_within_3_s_with_what_to_do(bad_url):
    url, password = bad_url
    start = time.monotonic()
    with pytest.raises(redis.RedisError) as raised:
        RedisBackend()
    assert time.monotonic() - start < 3
    assert url.partition("@")[2] in str(raised.value)
    assert "$REDIS_URL" in str(raised.value)
    assert password not in "".join(traceback.format_exception(raised.value))
    assert password not in repr(raised.value)


def test_put_reports_a_server_that_has_gone_silent_within_3_s(redis_url, note, raw):
    with Proxy(redis_url) as proxy:
        Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        proxy.fail("hang", b"LPUSH")
        start = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            note.perform_queue(1)
        assert time.monotonic() - start < 3
        assert raw.llen("luffy:queue") == 1


@pytest.fixture(params=["$REDIS_URL", "a client that repeats"])
def proxied(request, redis_url, monkeypatch):
    """A proxy, and a backend behind it."""
    with Proxy(redis_url) as proxy:
        monkeypatch.setenv("REDIS_URL", proxy.url)
        repeating = redis.Redis.from_url(
            proxy.url, retry=Retry(ConstantBackoff(0.01), 10), retry_on_error=[redis.RedisError], socket_timeout=5
        )
        yield proxy, RedisBackend() if request.param == "$REDIS_URL" else RedisBackend(connection=repeating)


def test_put_does_not_add_a_job_twice_when_the_reply_is_lost(proxied, note, raw):
    proxy, Luffy.backend = proxied
    proxy.fail("drop", b"LPUSH")
    with pytest.raises(redis.ConnectionError):
        note.perform_queue(1)
    assert proxy.dropped.is_set()
    assert raw.llen("luffy:queue") == 1
    assert note.perform_queue(2) == 2


def test_get_does_not_take_a_second_job_when_the_reply_is_lost(proxied, note, done, raw):
    proxy, Luffy.backend = proxied
    note.perform_queue("lost")
    note.perform_queue("there")
    proxy.fail("drop", b"BRPOP")
    with pytest.raises(redis.ConnectionError):
        Luffy.backend.get(timeout=5)
    assert proxy.dropped.is_set()
    assert [json.loads(payload)["args"] for payload in raw.lrange("luffy:queue", 0, -1)] == [["there"]]
    Luffy.backend.get(timeout=5).perform()
    assert done == [("there",)]


def test_get_without_blocking_does_not_take_a_second_job_when_the_reply_is_lost(proxied, note, raw):
    proxy, Luffy.backend = proxied
    note.perform_queue("lost")
    note.perform_queue("there")
    proxy.fail("drop", b"RPOP")
    with pytest.raises(redis.ConnectionError):
        Luffy.backend.get(block=False)
    assert proxy.dropped.is_set()
    assert raw.llen("luffy:queue") == 1


def test_a_processor_outlasts_a_lost_reply(redis_url, note, done, caplog, eventually):
    with Proxy(redis_url) as proxy:
        Luffy.backend = RedisBackend(redis.Redis.from_url(proxy.url))
        note.perform_queue("lost")
        note.perform_queue("there")
        proxy.fail("drop", b"BRPOP")
        Processor.start(1)
        eventually(lambda: done)
        Processor.pool.stop(timeout=10)
    assert done == [("there",)]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert repr(Luffy.backend) in record.getMessage()


def test_processors_outlast_a_restart_of_the_server(server, note, done, monkeypatch, caplog, eventually):
    monkeypatch.setenv("REDIS_URL", server.start())
    Luffy.backend = RedisBackend()
    pool = Processor.start(2)
    note.perform_queue("before")
    eventually(lambda: done)
    server.stop()
    eventually(lambda: {record.threadName for record in caplog.records} == {"Processor 0", "Processor 1"})
    with pytest.raises(redis.ConnectionError):
        note.perform_queue("in between")
    server.start()
    for number in range(5):
        note.perform_queue(number)
    eventually(lambda: len(done) == 6)
    pool.stop(timeout=10)
    assert sorted(done[1:]) == [(number,) for number in range(5)]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert server.url.removeprefix("redis://:").split("@")[0] not in caplog.text


def test_a_pool_without_its_server_stops(server, note, monkeypatch, caplog, eventually):
    monkeypatch.setenv("REDIS_URL", server.start())
    Luffy.backend = RedisBackend()
    pool = Processor.start(2)
    server.stop()
    eventually(lambda: caplog.records)
    pool.stop(timeout=10)


def test_a_get_may_take_longer_than_a_reply_may(backend):
    with pytest.raises(queue.Empty):
        backend.get(timeout=2.2)


@pytest.mark.parametrize("timeout", [0.0004, 0.0009])
def test_a_server_that_rounds_to_milliseconds_is_never_asked_to_wait_for_ever(backend, monkeypatch, timeout):
    asked = []
    brpop = backend.redis.brpop
    monkeypatch.setattr(backend.redis, "brpop", lambda keys, timeout: asked.append(timeout) or brpop(keys, timeout))
    with pytest.raises(queue.Empty):
        backend.get(timeout=timeout)
    assert all(wait >= 0.001 for wait in asked)


ENDS = """
import os, sys
from pathlib import Path
from luffy_lesson.host.redis_server import RedisServer
from luffy_lesson.step4_redis_queue import Luffy, Processor, RedisBackend

server = RedisServer(Path(sys.argv[1]))
os.environ["REDIS_URL"] = server.start()
Luffy.backend = RedisBackend()
Processor.start(2)
server.stop()
print("the main thread ends")
"""


def test_a_script_with_processors_ends_with_its_main_thread_though_the_server_is_gone(server, environment):
    program = [sys.executable, "-c", ENDS, server.folder]
    ran = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=30)
    assert ran.stdout == "the main thread ends\n"
    assert ran.returncode == 0, ran.stderr


# Connections of the learner's own


@pytest.mark.parametrize(
    "options",
    [
        {"decode_responses": True},
        {"decode_responses": True, "encoding": "latin-1"},
        {"protocol": 2},
        {"protocol": 3},
        {"single_connection_client": True},
        {"health_check_interval": 1},
        {"retry_on_error": [redis.TimeoutError], "socket_timeout": None},
    ],
    ids=str,
)
def test_a_connection_may_have_any_options(redis_url, note, done, options):
    with redis.Redis.from_url(redis_url, **options) as connection:
        Luffy.backend = RedisBackend(connection=connection)
        assert note.perform_queue("é") == 1
        Luffy.backend.get(timeout=5).perform()
        assert done == [("é",)]
        connection.lpush("luffy:queue", b"\xff")
        assert Luffy.backend.get(timeout=5).payload == b"\xff"
        with pytest.raises(queue.Empty):
            Luffy.backend.get(timeout=0)
        connection.set("luffy:other", "é")
        assert isinstance(connection.get("luffy:other"), str) == options.get("decode_responses", False)


def test_a_connection_may_have_a_pool_of_its_own_kind(redis_url, note, aside):
    pool = redis.BlockingConnectionPool.from_url(redis_url, max_connections=1)
    with redis.Redis.from_pool(pool) as connection:
        Luffy.backend = RedisBackend(connection=connection)
        waits = aside(Luffy.backend.get, timeout=30)
        with pytest.raises(TimeoutError):
            waits.result(timeout=0.05)
        note.perform_queue(1)
        assert waits.result(timeout=10).perform() is None


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")
def test_a_connection_may_be_a_unix_socket(redis_url, note, done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    password, _, database = redis_url.removeprefix("redis://luffy:").replace("/", "@").split("@")
    with (
        Proxy(redis_url, path="redis.sock"),
        redis.Redis(unix_socket_path="redis.sock", username="luffy", password=password, db=database) as connection,
    ):
        Luffy.backend = RedisBackend(connection=connection)
        note.perform_queue(1)
        Luffy.backend.get(timeout=5).perform()
        assert done == [(1,)]
        assert repr(Luffy.backend) == f"<RedisBackend redis.sock/{database}>"


def test_a_pool_may_have_more_than_a_hundred_processors(backend, raw, caplog, eventually):
    Processor.start(101)
    eventually(lambda: raw.info("clients")["blocked_clients"] == 101 or caplog.records)
    Processor.pool.stop(timeout=10)
    assert caplog.records == []


def test_jobs_of_step_3_and_of_step_4_can_be_put(backend, note, done):
    job = step3_memory_queue.Job(note, (1,))
    backend.put(job)
    backend.put(Message.encode(job))
    assert backend.get(timeout=5) == backend.get(timeout=5) == Message.encode(job)
    assert Message.encode(job).decode() == job
