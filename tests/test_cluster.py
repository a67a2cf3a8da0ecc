"""Under a hash tag, steps 4 to 10 keep their promises on a Redis Cluster: one of three real nodes has their keys."""

import contextlib
import re
import threading
import urllib.request

import pytest
import redis
from clusters import cluster, wait_until
from launched import start, variables  # noqa: F401
from proxy import Proxy
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from servers import REDIS_7, VALKEY, server
from test_redis_client import NEWEST, SYSTEMS, live, outlives, refusal

from luffy_lesson.host import doctor
from luffy_lesson.step4_redis_queue import Luffy, RedisBackend

pytestmark = pytest.mark.usefixtures("registry")

RELIABLE = [number for number in SYSTEMS if number >= 5]


@pytest.fixture
def quick(monkeypatch):
    for system in SYSTEMS.values():
        monkeypatch.setattr(system.RedisBackend, "beat_every", 0.2, raising=False)


@pytest.fixture
def by_any(nodes):
    """A client to a node that has not the keys, as three of four addresses are; afterwards, only one node has any."""
    yield redis.Redis(port=nodes.ports[nodes.other()])
    assert sum(map(bool, nodes.keys())) <= 1


# What works


@pytest.mark.parametrize("number", SYSTEMS)
def test_every_step_works_on_a_cluster(nodes, by_any, number, join, caplog):
    Luffy.backend = SYSTEMS[number].RedisBackend(by_any, hash_tag="luffy")
    live(SYSTEMS[number], join, caplog)
    assert nodes.keys() == [set()] * 3


def test_any_node_will_do(nodes):
    for port in nodes.ports:
        assert NEWEST.RedisBackend(redis.Redis(port=port), hash_tag="luffy").qsize() == 0


@pytest.mark.parametrize("number", SYSTEMS)
def test_all_keys_are_under_the_tag_and_on_one_node(nodes, by_any, number, gate):
    system = SYSTEMS[number]
    began = threading.Event()

    class Job(system.Worker):
        retries = 1
        queue = "mail"
        unique_for = 60
        backoff = staticmethod(lambda tries: 60)

        def perform(self, what):
            began.set()
            assert gate.wait(30)
            raise RuntimeError

    queues = {"queues": {"default": 1, "mail": 2}} if number >= 9 else {}
    Luffy.backend = system.RedisBackend(by_any, hash_tag="luffy", **queues)
    pool = system.Processor.start(1)
    Job.perform_queue("fails")
    assert began.wait(10)
    Job.perform_queue("waits")
    if hasattr(Job, "perform_in"):
        Job.perform_in(60, "later")
    if number >= 10:
        wait_until(Luffy.backend.processes)
    gate.set()
    pool.stop(timeout=10)
    found = nodes.keys()
    assert all(key.startswith(b"{luffy}:") for key in set.union(*found))
    assert sum(map(bool, found)) == 1 or number == 4  # which has lost the job


def test_a_client_of_the_whole_cluster_will_do_but_not_without_a_tag(nodes, join, caplog):
    with redis.RedisCluster(host="127.0.0.1", port=nodes.ports[nodes.other()]) as client:
        Luffy.backend = NEWEST.RedisBackend(client, hash_tag="luffy")
        live(NEWEST, join, caplog)
        with pytest.raises(TypeError, match=r"hash_tag.*\bRedisCluster\.$"):
            NEWEST.RedisBackend(client)


def test_without_a_cluster_a_tag_only_names_the_keys(admin_url, done, join):
    class Note(NEWEST.Worker):
        def perform(self, number):
            done.append(number)

    with redis.Redis.from_url(admin_url) as raw:
        Luffy.backend = NEWEST.RedisBackend(raw, hash_tag="luffy")
        Note.perform_queue(1)
        assert raw.llen("{luffy}:queue") == 1
        pool = NEWEST.Processor.start(1)
        join(Luffy.backend)
        pool.stop(timeout=10)
        assert raw.keys() == []


def test_two_tags_are_two_systems(nodes, by_any, done):
    class Note(NEWEST.Worker):
        def perform(self, number):
            done.append(number)

    one, other = (NEWEST.RedisBackend(by_any, hash_tag=tag) for tag in ("luffy", "zoro"))
    Luffy.backend = one
    Note.perform_queue(1)
    assert (one.qsize(), other.qsize()) == (1, 0)
    assert one.get(timeout=5).perform() is None
    one.task_done()
    one.mine().close()
    assert nodes.keys() == [set()] * 3


def test_work_takes_from_a_cluster_and_what_it_had_when_it_was_killed_goes_back(nodes, by_any, tmp_path, start):  # noqa: F811
    (tmp_path / "workers.py").write_text(
        "from luffy_lesson.step10_process import Worker, say\n"
        "class Slow(Worker):\n"
        "    def perform(self):\n"
        "        say('began')\n"
        "        import time\n"
        "        time.sleep(60)\n"
    )
    url = f"redis://127.0.0.1:{nodes.ports[nodes.other()]}"
    backend = NEWEST.RedisBackend(by_any, hash_tag="luffy")
    backend.redis.lpush(backend.key, '{"worker": "Slow", "args": [], "id": "1"}')
    options = ["--hash-tag", "luffy", "-c", "1", "--beat-every", "0.1", "--gone-after", "1"]
    worker = start("work", "workers.py", *options, REDIS_URL=url)
    worker.wait_for("began")
    assert backend.sizes()["in flight"] == 1
    worker.process.kill()
    worker.ends()
    wait_until(lambda: backend.recover() or backend.qsize())
    assert backend.sizes()["in flight"] == 0
    assert b'"crashes": 1' in backend.get(timeout=5).payload
    backend.task_done()
    backend.mine().close()


def test_the_dashboard_shows_a_cluster(nodes, by_any, start):  # noqa: F811
    Luffy.backend = NEWEST.RedisBackend(by_any, hash_tag="luffy", queues=["letters"])
    Luffy.backend.redis.sadd(Luffy.backend.known, "letters")
    url = f"redis://127.0.0.1:{nodes.ports[nodes.other()]}"
    address = start("dashboard", "--port", "0", "--hash-tag", "luffy", REDIS_URL=url).wait_for("The dashboard of")
    with urllib.request.urlopen(re.search(r"http://\S+/", address)[0], timeout=10) as page:
        assert b"letters" in page.read()


# What does not


@pytest.mark.parametrize("tag", ["", "{luffy}", "lu:ffy", "luffy\n", "l" * 65, b"luffy", 1, True])
def test_what_is_no_hash_tag_is_refused(tag):
    with pytest.raises(ValueError, match="A hash tag has letters, digits, _ and -, 64 at most, and not"):
        RedisBackend(redis.Redis(port=1), hash_tag=tag)


def test_a_client_without_a_host_and_a_port_cannot_find_a_node():
    with pytest.raises(TypeError, match="the host and the port of a node"):
        RedisBackend(redis.Redis(unix_socket_path="/tmp/redis.sock"), hash_tag="luffy")


def test_without_a_tag_the_sentence_names_the_option(nodes):
    for port in nodes.ports:
        said = refusal(redis.Redis(port=port))
        assert "is in cluster mode" in said
        assert '`RedisBackend(hash_tag="luffy")`' in said


def test_the_doctor_looks_at_a_cluster(nodes, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{nodes.ports[0]}/0")
    assert "is in cluster mode" in doctor.redis_server().detail
    assert doctor.redis_server("luffy").right
    assert (doctor.redis_server("{").right, doctor.redis_server("{").mend) == (False, "Give another one.")


def test_a_cluster_that_is_not_formed_is_told():
    with server(VALKEY, "cluster-enabled yes") as port, pytest.raises(redis.RedisError) as raised:
        NEWEST.RedisBackend(redis.Redis(port=port), hash_tag="luffy")
    assert f"localhost:{port}/0: The cluster is not ready for keys with the hash tag luffy (" in str(raised.value)


def test_a_cluster_that_is_away_is_told():
    with pytest.raises(redis.RedisError, match=r"localhost:1/0: .*Does a server run there"):
        NEWEST.RedisBackend(redis.Redis(port=1), hash_tag="luffy")


@pytest.mark.parametrize("number", [4, max(SYSTEMS)])
def test_the_user_that_the_sentence_names_is_enough(nodes, number, join, caplog):
    def allow(*rules):
        for node in nodes.nodes:
            node.execute_command("ACL", "SETUSER", "one", "reset", "on", ">secret", *rules)

    allow()
    client = redis.Redis(port=nodes.ports[nodes.other()], username="one", password="secret")
    with pytest.raises(redis.RedisError) as raised:
        SYSTEMS[number].RedisBackend(client, hash_tag="luffy")
    usual = re.search(r"`ACL SETUSER one (~{luffy}:\* .*?)`", str(raised.value))[1]
    least = re.search(r"at least the user needs (~{luffy}:\* .*)\.$", str(raised.value))[1]
    for rules in (usual, f"{least} +scan +unlink +zrange"):  # to the test alone: what clears its keys away
        allow(*rules.split())
        Luffy.backend = SYSTEMS[number].RedisBackend(client, hash_tag="luffy")
        live(SYSTEMS[number], join, caplog)


def test_nothing_is_repeated_but_what_another_node_has_to_do(admin_url):
    class Note(NEWEST.Worker):
        pass

    repeats = {"retry": Retry(ConstantBackoff(0.01), 5), "retry_on_error": [redis.RedisError], "retry_on_timeout": True}
    with Proxy(admin_url) as proxy, redis.Redis.from_url(admin_url) as raw:
        Luffy.backend = NEWEST.RedisBackend(redis.Redis.from_url(proxy.url, **repeats), hash_tag="luffy")
        proxy.fail("drop", b"LPUSH")
        with pytest.raises(redis.ConnectionError):
            Note.perform_queue()
        assert raw.llen("{luffy}:queue") == 1
        raw.delete("{luffy}:queue")


# When another node has the keys


@pytest.mark.parametrize("queues", [["default"], ["mail", "default"]])
def test_when_another_node_has_the_keys_no_caller_notices(nodes, by_any, queues, done, eventually, aside, quick):
    Luffy.backend = NEWEST.RedisBackend(by_any, hash_tag="luffy", queues=queues)
    outlives(NEWEST, nodes.move, done, eventually, aside)
    assert len(done) == len(set(done))


@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=[pytest.mark.engines] * (5 < number < 10)) for number in RELIABLE]
)
def test_jobs_that_are_added_and_done_while_the_keys_move_are_done(nodes, by_any, number, done, eventually, quick):
    class Note(SYSTEMS[number].Worker):
        def perform(self, number):
            done.append(number)

    Luffy.backend = SYSTEMS[number].RedisBackend(by_any, hash_tag="luffy")
    pool = SYSTEMS[number].Processor.start(3)
    moving = threading.Thread(target=nodes.move)
    for job in range(300):
        if job == 100:
            moving.start()
        Note.perform_queue(job)
    moving.join()
    eventually(lambda: set(done) == set(range(300)))
    pool.stop(timeout=10)
    assert len(done) == 300
    assert Luffy.backend.sizes()["in flight"] == 0


@pytest.mark.engines
@pytest.mark.parametrize("kind", [VALKEY, REDIS_7])
@pytest.mark.parametrize("number", RELIABLE)
def test_while_keys_move_one_by_one_callers_are_told_and_processors_wait(
    kind, number, done, eventually, quick, gate, join, caplog
):
    class Note(SYSTEMS[number].Worker):
        began = threading.Event()

        def perform(self, number):
            if number == 0:
                Note.began.set()
                assert gate.wait(30)
            done.append(number)

    def ask(*numbers):
        for number in numbers:
            with contextlib.suppress(redis.ResponseError):
                Note.perform_queue(number)
                added.add(number)

    added = set()
    with cluster(kind=kind) as nodes:
        Luffy.backend = SYSTEMS[number].RedisBackend(redis.Redis(port=nodes.ports[nodes.other()]), hash_tag="luffy")
        ask(*range(50))
        pool = SYSTEMS[number].Processor.start(1)
        assert Note.began.wait(10)
        with nodes.moving() as move:
            ask(*range(50, 100))  # the queue is still there
            move()
            ask(*range(100, 200))
            gate.set()  # what is done now cannot be acknowledged
            wait_until(lambda: "on another node" in caplog.text)
        ask(*range(200, 300))
        assert added == {*range(100), *range(200, 300)}
        eventually(lambda: set(done) == added)
        join(Luffy.backend)
        pool.stop(timeout=10)
        assert {job for job in done if done.count(job) > 1} <= {0}
        assert Luffy.backend.sizes()["in flight"] == 0


@pytest.mark.engines
@pytest.mark.parametrize("kind", [VALKEY, REDIS_7])
def test_a_replica_that_takes_over_is_found(kind, done, eventually, aside, quick):
    with cluster(3, 3, kind, "cluster-node-timeout 2000", "repl-diskless-sync-delay 0") as nodes:

        def fails_over():
            before = nodes.owner()
            nodes.nodes[before].wait(1, 5000)
            replica = nodes.nodes[before + 3]
            replica.execute_command("CLUSTER", "FAILOVER")
            wait_until(lambda: nodes.owner() == before + 3)

        Luffy.backend = NEWEST.RedisBackend(redis.Redis(port=nodes.ports[nodes.owner()]), hash_tag="luffy")
        outlives(NEWEST, fails_over, done, eventually, aside)
        assert len(done) == len(set(done))


@pytest.mark.engines
@pytest.mark.parametrize("number", RELIABLE)
def test_when_the_node_is_killed_its_replica_is_found_and_gives_what_it_was_told(number, done, eventually, quick):
    class Note(SYSTEMS[number].Worker):
        def perform(self, number):
            done.append(number)

    with cluster(3, 3, VALKEY, "cluster-node-timeout 2000", "repl-diskless-sync-delay 0") as nodes:
        owner = nodes.owner()
        Luffy.backend = SYSTEMS[number].RedisBackend(redis.Redis(port=nodes.ports[owner]), hash_tag="luffy")
        for job in range(50):
            Note.perform_queue(job)
        assert nodes.nodes[owner].wait(1, 5000) == 1
        nodes.kill(owner)
        with pytest.raises(redis.ConnectionError):
            Note.perform_queue(50)
        pool = SYSTEMS[number].Processor.start(3)
        eventually(lambda: set(done) == set(range(50)))
        Note.perform_queue(51)
        eventually(lambda: 51 in done)
        pool.stop(timeout=10)
        assert len(done) == 51


@pytest.mark.engines
def test_a_node_that_has_not_heard_who_has_the_keys_will_do(done):
    with cluster(3, 0, VALKEY, "enable-debug-command local") as nodes:
        third = 3 - nodes.owner() - nodes.other()
        nodes.deaf(third)
        nodes.move()
        for _ in range(10):  # it is not always the first that is asked
            backend = NEWEST.RedisBackend(redis.Redis(port=nodes.ports[third]), hash_tag="luffy")
            assert backend.qsize() == 0


@pytest.mark.engines
def test_a_node_that_is_cut_off_from_the_others_is_left(done, eventually, quick):
    class Note(NEWEST.Worker):
        def perform(self, number):
            done.append(number)

    with cluster(3, 3, VALKEY, "cluster-node-timeout 2000", "enable-debug-command local") as nodes:
        owner = nodes.owner()
        Luffy.backend = NEWEST.RedisBackend(redis.Redis(port=nodes.ports[owner]), hash_tag="luffy")
        pool = NEWEST.Processor.start(2)
        Note.perform_queue(1)
        eventually(lambda: done == [1])
        nodes.deaf(owner)
        wait_until(lambda: nodes.owner() == owner + 3)

        def asked():
            with contextlib.suppress(redis.exceptions.ClusterDownError):  # says the old one, and that it has the keys
                return Note.perform_queue(2)

        wait_until(asked)
        eventually(lambda: 2 in done)
        pool.stop(timeout=10)
