"""Other processes of a check: they answer, are killed before each command, and are held there."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import redis
from servers import REDIS_7, server

from luffy_lesson.classroom.check import processes
from luffy_lesson.classroom.check.connection import connect, new_key
from luffy_lesson.classroom.check.processes import Gate, Process, held, killed, together
from luffy_lesson.classroom.check.sandbox import Wrong
from luffy_lesson.step4_redis_queue import RedisBackend

pytestmark = pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def nothing_of_a_check_left(redis_url):
    children = psutil.Process().children()  # the server
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "the check's own"]
    assert psutil.Process().children() == children
    with redis.Redis.from_url(redis_url) as connection:
        for key in connection.scan_iter("luffy:check:*"):
            connection.delete(key)


@pytest.fixture
def gate(redis_url):
    with Gate() as gate:
        yield gate


def own_client(connection):
    return redis.Redis(connection_pool=redis.ConnectionPool(**connection.get_connection_kwargs()))


# A process


def test_a_process_answers():
    process = Process(os.getpid)
    assert process.result() == process.pid != os.getpid()


def test_an_answer_may_be_longer_than_a_pipe_holds():
    assert Process(lambda: "x" * 300_000).result() == "x" * 300_000


def test_a_process_raises_what_was_raised_in_it():
    with pytest.raises(KeyError, match="nothing"):
        Process(lambda: {}["nothing"]).result()
    with pytest.raises(SystemExit):
        Process(lambda: exit(3)).result()


def test_what_does_not_travel_is_told_by_its_text():
    class Odd(Exception):
        def __repr__(self):
            return "Odd()"

    def fail():
        raise Odd

    assert Process(Odd).result() == "Odd()"
    with pytest.raises(Wrong) as wrong:
        Process(fail).result()
    assert wrong.value.seen == "Odd()"


def test_a_killed_process_has_no_result():
    process = Process(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert process.ends(20)
    assert process.result() is None
    process.kill()  # once more


def test_a_process_that_does_not_answer_is_killed():
    never = threading.Event()
    process = Process(never.wait)
    with pytest.raises(Wrong):
        process.result(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_process_can_be_started_from_any_thread():
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(lambda: Process(threading.active_count).result()).result() == 1


# The gate


def test_a_transaction_is_one_command_and_what_a_client_sends_of_its_own_accord_is_none(gate):
    key = new_key()
    connection = gate.connect()
    connection.set(key, 1)
    connection.pipeline().incr(key).incr(key).execute()
    assert connection.pipeline(transaction=False).incr(key).incr(key).execute() == [4, 5]
    connection.eval("return redis.call('INCR', KEYS[1])", 1, key)
    connection.close()
    assert [command[0] for command in gate.commands] == [b"SET", b"EXEC", b"INCRBY", b"INCRBY", b"EVAL"]


def test_connections_of_an_answers_own_go_through_the_gate(gate):
    from_url = redis.Redis.from_url(gate.url)
    with from_url, gate.connect() as connection, connection.client() as client, own_client(connection) as own:
        for number, each in enumerate((connection, client, own, from_url), 1):
            each.get(new_key())
            assert len(gate.commands) == number
    assert os.environ["REDIS_URL"] == gate.url


def test_what_is_long_passes(gate):
    key = new_key()
    with gate.connect() as connection:
        connection.rpush(key, *[b"\r\n$1" * 20_000, *map(str, range(3000))])
        pipeline = connection.pipeline()
        for _ in range(500):
            pipeline.rpoplpush(key, key)
        assert len(pipeline.execute()) == 500
        assert connection.lindex(key, 500) == b"\r\n$1" * 20_000


def test_many_come_one_after_another(gate):
    for _ in range(120):
        with gate.connect() as connection:
            connection.get(new_key())
    assert len(gate.commands) == 120


@pytest.mark.parametrize(
    "take",
    [
        lambda own: own.rpop(RedisBackend.key),
        lambda own: own.pipeline().rpop(RedisBackend.key).execute(),
    ],
    ids=["alone", "in a transaction"],
)
@pytest.mark.parametrize(
    "try_it",
    [
        lambda gate, task: list(killed(gate, task)),
        lambda gate, task: list(held(gate, task, lambda: None)),
    ],
    ids=["killed", "held"],
)
def test_the_notebooks_own_queue_is_left_alone(gate, raw, take, try_it):
    raw.lpush(RedisBackend.key, "the learner's")
    with pytest.raises(Wrong) as wrong:
        try_it(gate, lambda connection: take(own_client(connection)))
    assert wrong.value.seen == RedisBackend.key
    assert raw.lrange(RedisBackend.key, 0, -1) == [b"the learner's"]
    raw.delete(RedisBackend.key)


@pytest.mark.parametrize("user", ["default", "luffy"])
def test_a_password_may_be_any(monkeypatch, user):
    with server(
        REDIS_7, 'user default on ">a b@c:d/e%" ~* +@all', 'user luffy on ">a b@c:d/e%" ~luffy:* +@all'
    ) as port:
        monkeypatch.setenv("REDIS_URL", f"redis://{user}:a%20b%40c%3Ad%2Fe%25@127.0.0.1:{port}/3")
        with Gate() as gate, gate.connect() as connection:
            connection.set("luffy:x", 1)
            assert connection.acl_whoami() == user
            assert connection.client_info()["db"] == 3


def test_a_server_that_speaks_tls(monkeypatch, certificate):
    cert, key = certificate
    with server(REDIS_7, f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}") as port:
        options = f"ssl_ca_certs={cert}&ssl_certfile={cert}&ssl_keyfile={key}"
        monkeypatch.setenv("REDIS_URL", f"rediss://127.0.0.1:{port}/1?{options}")
        with Gate() as gate:
            for came in killed(gate, lambda connection: connection.set("luffy:x", "long" * 20_000)):
                assert bool(connect().get("luffy:x")) == came
        assert len(connect().get("luffy:x")) == 80_000


def test_a_server_behind_a_socket_of_the_machine(monkeypatch, tmp_path):
    with server(REDIS_7, f"unixsocket {tmp_path}/redis.sock"):
        monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/redis.sock?db=2")
        with Gate() as gate, gate.connect() as connection:
            connection.set("luffy:x", 1)
            assert connect().get("luffy:x") == b"1"


# Killed


def pops_then_pushes(connection, key):
    connection.rpush(f"{key}:to", connection.rpop(key))


def everywhere(key, jobs):
    with connect() as connection:
        return [job for at in (key, f"{key}:to") for job in connection.lrange(at, 0, jobs)]


@pytest.mark.parametrize("client", [lambda given: given, lambda given: given.client(), own_client])
def test_a_process_is_killed_before_each_command_whichever_connection_it_uses(gate, client):
    key, found = new_key(), []
    with connect() as connection:
        connection.lpush(key, "job")
        for came in killed(gate, lambda given: pops_then_pushes(client(given), key)):
            found.append((came, everywhere(key, 9)))
            connection.delete(key, f"{key}:to")
            connection.lpush(key, "job")
    assert found == [(0, [b"job"]), (1, []), (2, [b"job"])]


def test_what_came_before_the_kill_is_carried_out(gate):
    key, lengths = new_key(), []

    def push(given):
        pipeline = given.pipeline(transaction=False)
        for _ in range(4):
            pipeline.eval("for i = 1, 100000 do end redis.call('RPUSH', KEYS[1], 'x')", 1, key)
        pipeline.execute()

    with connect() as connection:
        for came in killed(gate, push):
            lengths.append(connection.llen(key))
            assert lengths[-1] == came
            connection.delete(key)
    assert lengths == [0, 1, 2, 3, 4]


def test_nobody_goes_on_who_was_killed(gate, tmp_path):
    """Also where the process has begun before anybody looks."""
    file = tmp_path / "went on"

    def write(given):
        try:
            given.set(new_key(), 1)
        except BaseException:  # a cut connection
            file.write_text("yes")

    for _ in range(10):
        assert next(killed(gate, write)) == 0
        assert not file.exists()


def test_afterwards_everybody_may_pass(gate):
    key = new_key()
    with gate.connect() as connection:
        for _ in killed(gate, lambda given: given.incr(key)):
            assert connection.exists(key) in (0, 1)
        for _ in held(gate, lambda given: given.incr(key), lambda: None):
            connection.incr(key)
        assert int(connection.get(key)) == 5


def test_an_answer_without_a_command_is_not_killed(gate):
    assert list(killed(gate, lambda given: None)) == [0]


def test_what_a_process_raises_comes_through(gate):
    def fail(given):
        given.get(new_key())
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(killed(gate, fail))


# Held


def copies_then_removes(connection, key):
    job = connection.lindex(key, -1)
    connection.lrem(key, 1, job)
    return job


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_another_acts_before_each_command_also_where_a_process_begins_slowly(gate, monkeypatch, seconds):
    answer = processes._answer
    monkeypatch.setattr(processes, "_answer", lambda function: (time.sleep(seconds), answer(function))[1])
    key = new_key()
    with connect() as connection:

        def answers():
            connection.lpush(key, "first", "second")
            for pair in held(gate, lambda given: copies_then_removes(given, key), lambda: connect().rpop(key)):
                yield pair
                connection.delete(key)
                connection.lpush(key, "first", "second")

        assert list(answers()) == [(b"second", b"first"), (b"first", b"first"), (b"first", b"second")]


def test_another_may_wait_for_the_one_that_is_held(gate):
    key = new_key()

    def count(given):
        with given.lock(f"{key}:lock", timeout=20, sleep=0.01):
            return given.incr(key)

    pairs = list(held(gate, count, lambda: count(connect()), patience=0.05))
    numbers = sorted(number for pair in pairs for number in pair)
    assert numbers == list(range(1, len(numbers) + 1))


def test_who_is_held_and_who_acts_are_other_processes(gate):
    for pair in held(gate, lambda given: (given.get(new_key()), os.getpid())[1], os.getpid):
        assert len({os.getpid(), *pair}) == 3


# Together


def test_processes_begin_together():
    begun = together(*[time.monotonic] * 5, seconds=30)
    assert len(set(begun)) == 5
    assert max(begun) - min(begun) < 5


def test_who_does_not_end_is_ended_with_the_others():
    never = threading.Event()
    with pytest.raises(Wrong):
        together(never.wait, never.wait, os.getpid, seconds=0.2)
