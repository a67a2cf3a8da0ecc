"""Servers of one's own: what works on each kind, and what a person is told where it cannot work."""

import contextlib
import http.server
import queue
import re
import socketserver
import threading
import time
import traceback

import pytest
import redis
import redis.asyncio
from proxy import Proxy
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel
from reliable import ON_REDIS as SYSTEMS
from reliable import outermost
from servers import REDIS_5, REDIS_6, REDIS_7, VALKEY, server

from luffy_lesson import redis_client
from luffy_lesson.step4_redis_queue import Luffy, Message, RedisBackend

pytestmark = pytest.mark.usefixtures("registry")

NEWEST = SYSTEMS[max(SYSTEMS)]
of_steps = pytest.mark.parametrize("number", outermost({str(number): number for number in SYSTEMS}))
NEW_ENOUGH = [VALKEY, REDIS_7, REDIS_6]
EVERY_KIND = [*NEW_ENOUGH, REDIS_5]
USUAL = "~luffy:* +@all -@dangerous"


@pytest.fixture(scope="module", params=NEW_ENOUGH)
def port(request):
    """A server that has all that is needed."""
    with server(request.param) as port:
        yield port


@pytest.fixture
def admin(port):
    with redis.Redis(port=port, protocol=2) as admin:
        yield admin
        left = admin.keys()
        admin.flushall()
        assert left == []


def refusal(client, step=NEWEST):
    """What a person is told whom the server refuses. It is told at once, and with its place."""
    start = time.monotonic()
    with pytest.raises(redis.RedisError) as raised:
        step.RedisBackend(client)
    assert time.monotonic() - start < 3
    place, _, sentence = str(raised.value).partition(": ")
    assert place == redis_client.place(client)
    assert "\n" not in sentence
    return sentence


def live(system, join, caplog):
    """Use all that a step has, as a learner would."""

    class Good(system.Worker):
        def perform(self):
            done.append("good")

    class Bad(system.Worker):
        retries = 0

        def perform(self):
            raise RuntimeError

    done, backend = [], Luffy.backend
    Good.perform_queue()
    Bad.perform_queue()
    if hasattr(Good, "perform_in"):
        Good.perform_bulk([[], []])
        Good.perform_in(0)
        backend.promote()
    if hasattr(backend, "recover"):  # as if its processor were gone
        backend.get(timeout=5)
        beats = backend.heartbeats
        backend.redis.zadd(beats, dict.fromkeys(backend.redis.zrange(beats, 0, -1), 1))
        backend.recover()
    pool = system.Processor.start(2)
    join(backend)
    pool.stop(timeout=10)
    if hasattr(backend, "dead"):
        assert backend.requeue(*backend.dead()) == 1
        system.Processor.start(1)
        join(backend)
        system.Processor.pool.stop(timeout=10)
        assert backend.discard(*backend.dead()) == 1
        assert set(backend.sizes().values()) == {0}
    assert done == ["good"] * (4 if hasattr(Good, "perform_in") else 1)
    assert [record.message for record in caplog.records if "permission" in record.message] == []
    for key in backend.redis.scan_iter(f"{backend.key.removesuffix('queue')}*"):
        backend.redis.unlink(key)


# What works


@of_steps
def test_every_step_works_on_every_server_that_is_new_enough(port, admin, number, join, caplog):
    Luffy.backend = SYSTEMS[number].RedisBackend(redis.Redis(port=port))
    live(SYSTEMS[number], join, caplog)


@of_steps
def test_the_usual_user_of_an_application_is_enough(port, admin, number, join, caplog):
    admin.execute_command(f"ACL SETUSER luffy reset on >secret {USUAL}")
    Luffy.backend = SYSTEMS[number].RedisBackend(redis.Redis(port=port, username="luffy", password="secret"))
    live(SYSTEMS[number], join, caplog)


@of_steps
def test_the_user_that_the_sentence_names_is_enough(port, admin, number, join, caplog):
    admin.execute_command("ACL SETUSER luffy reset on >secret")
    client = redis.Redis(port=port, username="luffy", password="secret")
    least = re.search(r"at least the user needs (~luffy.*)\.$", refusal(client, SYSTEMS[number]))[1]
    # To the test alone: what clears its keys away.
    admin.execute_command(f"ACL SETUSER luffy {least} +scan +unlink +zrange")
    Luffy.backend = SYSTEMS[number].RedisBackend(client)
    live(SYSTEMS[number], join, caplog)


def test_the_client_of_another_backend_will_do(port, admin):
    client = NEWEST.RedisBackend(redis.Redis(port=port)).redis
    assert NEWEST.RedisBackend(client).qsize() == 0


# What does not


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ("~other:* +@all", "keys?\\b"),
        ("~luffy:queue:* +@all", "keys?\\b"),
        ("~luffy:queue ~luffy:queue:* +@all", "keys?\\b"),  # and not the names of queues
        (f"{USUAL} -time", "'time'"),
        (f"{USUAL} -@scripting", "'eval'"),
        (f"{USUAL} -@blocking", "'blmove'"),
        (f"{USUAL} -lpush", "'lpush'"),
        (f"{USUAL} -multi -lrem -ltrim", "MULTI"),
    ],
)
def test_a_user_without_what_is_needed_is_told_what_that_is(port, admin, rules, refused):
    admin.execute_command(f"ACL SETUSER luffy reset on >secret {rules}")
    said = refusal(redis.Redis(port=port, username="luffy", password="secret"))
    assert re.search(rf"^The user luffy may not do all that is needed \(.*{refused}.*\)", said)
    assert f"`ACL SETUSER luffy {USUAL}`" in said
    assert "secret" not in said


SITUATIONS = {
    "replica": (["replicaof 127.0.0.1 1"], "The server is a replica.*address of the primary"),
    "replica without its primary": (["replicaof 127.0.0.1 1", "replica-serve-stale-data no"], "is a replica"),
    "too few replicas": (["min-replicas-to-write 1"], "takes no jobs while too few replicas.*min-replicas-to-write"),
    "password": (["requirepass secret"], "wants a password, and got none.*redis://:PASSWORD@HOST"),
    "full": (["maxmemory 1"], "The server is full"),
    "cluster that is not formed": (["cluster-enabled yes"], "The server is in cluster mode"),
    "Sentinel": (["sentinel monitor m 127.0.0.1 1 1"], "a Sentinel, perhaps.*the primary.*master_for"),
}


@pytest.mark.parametrize("kind", EVERY_KIND)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_server_that_cannot_be_used_is_refused_in_a_sentence(kind, situation):
    options, says = SITUATIONS[situation]
    with server(kind, *options) as port:
        for number in (4, max(SYSTEMS)):
            assert re.search(says, refusal(redis.Redis(port=port), SYSTEMS[number]))


def test_a_server_in_cluster_mode_is_refused_by_every_step_and_its_client_is_too(eventually):
    with server(VALKEY, "cluster-enabled yes") as port, redis.Redis(port=port) as admin:
        admin.execute_command("CLUSTER", "ADDSLOTS", *range(1 << 14))
        eventually(lambda: b"cluster_state:ok" in admin.execute_command("CLUSTER", "INFO"))
        for system in SYSTEMS.values():
            assert "is in cluster mode" in refusal(redis.Redis(port=port), system)
        assert admin.keys() == []
        with redis.RedisCluster(host="127.0.0.1", port=port) as client, pytest.raises(TypeError, match="RedisCluster"):
            RedisBackend(client)


def test_each_node_of_a_cluster_is_refused_also_where_the_keys_are_on_another(eventually):
    with server(VALKEY, "cluster-enabled yes") as one, server(VALKEY, "cluster-enabled yes") as other:
        nodes = [redis.Redis(port=port) for port in (one, other)]
        for node, (first, last) in zip(nodes, [(0, 8191), (8192, 16383)], strict=True):
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        nodes[0].execute_command("CLUSTER", "MEET", "127.0.0.1", other)
        for node in nodes:
            eventually(lambda node=node: b"cluster_state:ok" in node.execute_command("CLUSTER", "INFO"))
            for system in SYSTEMS.values():
                assert "is in cluster mode" in refusal(node, system)
        assert [node.keys() for node in nodes] == [[], []]


def test_a_user_who_may_not_use_the_queue_itself_is_refused_by_every_step():
    with server(REDIS_7, "user below on >secret ~luffy:queue:* +@all") as port, redis.Redis(port=port) as admin:
        for number, system in SYSTEMS.items():
            said = refusal(redis.Redis(port=port, username="below", password="secret"), system)
            assert "below may not do all that is needed" in said
            if number > 4:
                admin.execute_command("ACL SETUSER reads on >secret %R~luffy:queue ~luffy:queue:* +@all")
                said = refusal(redis.Redis(port=port, username="reads", password="secret"), system)
                assert "reads may not do all that is needed" in said


@of_steps
def test_what_the_client_asks_for_besides_is_needed_and_named(port, admin, number):
    admin.execute_command("ACL SETUSER luffy reset on >secret")
    options = {"client_name": "me", "health_check_interval": 1}
    client = redis.Redis(port=port, username="luffy", password="secret", **options)
    least = re.search(r"at least the user needs (~luffy.*)\.$", refusal(client, SYSTEMS[number]))[1]
    for right in ("+client|setname", "+ping"):
        admin.execute_command(f"ACL SETUSER luffy reset on >secret {least.replace(right, '')}")
        assert right[1:].partition("|")[0] in refusal(client, SYSTEMS[number])
    admin.execute_command(f"ACL SETUSER luffy {least}")
    assert SYSTEMS[number].RedisBackend(client).qsize() == 0


def test_a_key_of_another_program_is_told(port, admin):
    admin.set("luffy:queue", "tea")
    said = refusal(redis.Redis(port=port), SYSTEMS[4])
    assert "Something else than a queue is in luffy:queue" in said
    assert admin.getdel("luffy:queue") == b"tea"


@pytest.mark.parametrize("command", ["EVAL", "TIME", "LINDEX"])
def test_a_command_that_is_renamed_is_named(command):
    with server(REDIS_7, f"rename-command {command} other") as port:
        assert re.search(rf"not do all.*'{command}'.*`rename-command`", refusal(redis.Redis(port=port)))


@of_steps
def test_a_server_that_is_too_old_is_refused(number):
    with server(REDIS_5) as port:
        assert "From step 5 on you need Redis 6.2, or Valkey" in refusal(redis.Redis(port=port), SYSTEMS[number])
        assert redis.Redis(port=port, protocol=2).keys() == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"db": 99}, "has no database 99"),
        ({"username": "nobody", "password": "secret"}, "does not know this user with this password"),
        ({"password": "secret"}, "has no password, and got one"),
    ],
    ids=str,
)
def test_an_address_that_does_not_fit_the_server_is_told(port, admin, options, says):
    assert re.search(says, refusal(redis.Redis(port=port, **options)))


@pytest.mark.parametrize("db", [99, 10**20 - 1])
def test_a_database_that_the_server_has_not_is_told(db):
    with server(VALKEY) as port:
        assert f"has no database {db}." in refusal(redis.Redis.from_url(f"redis://127.0.0.1:{port}/{db}"))


@of_steps
def test_the_user_that_the_sentence_names_is_enough_in_another_database(number):
    with server(VALKEY, "user luffy on >secret") as port, redis.Redis(port=port, protocol=2) as admin:
        client = redis.Redis(port=port, username="luffy", password="secret", db=8)
        least = re.search(r"at least the user needs (~luffy.*)\.$", refusal(client, SYSTEMS[number]))[1]
        admin.execute_command(f"ACL SETUSER luffy {least}")
        assert SYSTEMS[number].RedisBackend(client).qsize() == 0
    assert "+select" in least


@contextlib.contextmanager
def listener(talk):
    """Somebody who listens, and is no Redis: `talk` has the connection. Yields the port."""

    class Talk(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.settimeout(5)
            with contextlib.suppress(OSError):
                talk(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=[0.01])
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def greet(connection):
    connection.sendall(b"220 mail.example.org ESMTP\r\n")
    connection.recv(1 << 16)


class Website(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.parametrize("password", [None, "secret"])
@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (lambda connection: Website(connection, ("", 0), None), "no Redis server; a website, perhaps"),
        (greet, "no Redis server"),
        (lambda connection: connection.recv(1), "hung up.*TLS.*rediss://"),
        (echo, "no Redis server|hung up"),
        (lambda connection: connection.sendall(b"+OK\r\n" * 99), "no Redis server|hung up"),
    ],
    ids=["website", "mail", "hangs up", "echo", "always OK"],
)
def test_who_answers_and_is_no_redis_is_told(talk, says, password):
    with listener(talk) as port:
        said = refusal(redis.Redis(host="127.0.0.1", port=port, password=password))
        assert re.search(f"{says}|user with this password", said) if password else re.search(says, said)
        assert "secret" not in said


@pytest.mark.parametrize("password", [None, "secret"])
def test_a_server_in_protected_mode_is_told(password):
    def refuse(connection):  # in Redis's words. Itself, it does so to another machine only
        words = "is running in protected mode because protected mode is enabled and no password is set"
        connection.sendall(f"-DENIED Redis {words} for the default user.\r\n".encode())

    with listener(refuse) as port:
        assert "`protected-mode`" in refusal(redis.Redis(host="127.0.0.1", port=port, password=password))


def test_who_says_what_he_was_sent_is_not_quoted():
    def quote(connection):
        while data := connection.recv(1 << 16):
            connection.sendall(b"-ERR what is " + data.replace(b"\r\n", b" ") + b"\r\n")

    with listener(quote) as port:
        said = refusal(redis.Redis(host="127.0.0.1", port=port, password="secret"))
        assert "what is" in said
        assert "secret" not in said


def test_tls_works_and_what_is_missing_is_told(certificate, monkeypatch):
    cert, key = certificate
    options = [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}"]
    with server(REDIS_7, *options) as port:
        trusting = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={cert}"
        assert re.search("hung up.*rediss://", refusal(redis.Redis(host="127.0.0.1", port=port)))
        assert re.search("certificate.*ssl_ca_certs=", refusal(redis.Redis(host="127.0.0.1", port=port, ssl=True)))
        assert re.search("a certificate of yours.*ssl_certfile=", refusal(redis.Redis.from_url(trusting)))
        with server(VALKEY) as plain:
            assert re.search("not answer in TLS.*begins with redis://", refusal(redis.Redis(port=plain, ssl=True)))
        monkeypatch.setenv("REDIS_URL", f"{trusting}&ssl_certfile={cert}&ssl_keyfile={key}")
        assert NEWEST.RedisBackend().qsize() == 0


IN_TLS = SITUATIONS | {
    "user": (["user luffy on nopass ~* +@all -time", "user default on nopass ~* +@all -time"], "may not do all.*time"),
    "no password": ([], "has no password, and got one"),
}


@pytest.mark.parametrize("situation", IN_TLS)
def test_what_is_refused_is_told_over_tls_too(certificate, situation):
    cert, key = certificate
    options, says = IN_TLS[situation]
    tls = [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}", "tls-auth-clients no"]
    with server(REDIS_7, *tls, *options) as port:
        password = {"password": "secret"} if situation == "no password" else {}
        client = redis.Redis(host="127.0.0.1", port=port, ssl=True, ssl_ca_certs=str(cert), **password)
        assert re.search(says, refusal(client))


def test_files_for_tls_that_cannot_be_used_are_told(certificate, tmp_path):
    cert, key = map(str, certificate)
    (tmp_path / "empty.pem").touch()
    options = [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}"]
    with server(REDIS_7, *options) as port:
        for files in (
            {"ssl_ca_certs": f"{tmp_path}/none.pem"},
            {"ssl_ca_certs": f"{tmp_path}/empty.pem"},
            {"ssl_certfile": f"{tmp_path}/none.pem"},
            {"ssl_certfile": cert},
            {"ssl_certfile": cert, "ssl_keyfile": str(tmp_path)},
        ):
            said = refusal(redis.Redis(host="127.0.0.1", port=port, ssl=True, **files))
            assert re.search("A file that is needed for TLS.*`ssl_ca_certs`", said)
        client = redis.Redis(host="localhost", port=port, ssl=True, ssl_ca_certs=cert)
        assert "certificate is for another name" in refusal(client)


# What may lose jobs


@pytest.mark.parametrize("kind", NEW_ENOUGH)
@of_steps
def test_a_full_server_will_do_for_the_jobs_that_it_has(kind, number):
    with server(kind) as port, redis.Redis(port=port) as admin:
        admin.lpush("luffy:queue", "a job")
        admin.config_set("maxmemory", 1)
        assert SYSTEMS[number].RedisBackend(redis.Redis(port=port)).get(timeout=5).payload == b"a job"


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_server_that_deletes_jobs_when_it_is_full_is_warned_of(kind):
    with server(kind, "maxmemory 100mb") as port, redis.Redis(port=port, protocol=2) as client:
        for policy in ("noeviction", "volatile-lru"):
            client.config_set("maxmemory-policy", policy)
            assert redis_client.warning(client) == ""
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert re.search("allkeys-lru.*the whole queue may vanish.*noeviction", redis_client.warning(client))
        client.config_set("maxmemory", 0)
        assert redis_client.warning(client) == ""


def test_a_replica_that_takes_jobs_is_warned_of():
    with server(VALKEY, "replicaof 127.0.0.1 1", "replica-read-only no") as port, redis.Redis(port=port) as client:
        NEWEST.RedisBackend(client)
        assert re.search("replica that takes jobs.*vanish.*the primary", redis_client.warning(client))


def test_a_server_that_does_not_tell_is_not_warned_of():
    with server(REDIS_7, "maxmemory 100mb", "maxmemory-policy allkeys-lru", f"user luffy on >secret {USUAL}") as port:
        backend = RedisBackend(redis.Redis(port=port, username="luffy", password="secret"))
        assert redis_client.warning(backend.redis) is None


# Addresses


WRONG = {
    "redis://:hid/den@localhost:6379/0": "%2F",
    "redis://:hid#den@localhost:6379/0": "%23",
    "redis://:hid?den@localhost:6379/0": r"\?",
    "redis://:hid@den#den/den?den@localhost:6379/0": "%23",
    "redis://:hid[den@localhost:6379/0": "",
    "redis://:hidden@localhost:x/0": "port",
    "redis://:hidden@localhost:99999/0": "port",
    "redis://:hidden@localhost:0/0": "port",
    "redis://:hidden@localhost/1?db=3": "something twice",
    "redis://localhost?db=1&db=3&password=hidden": "something twice",
    "redis://:hidden@localhost?password=hidden": "something twice",
    "redis://hidden@localhost?username=hidden": "something twice",
    "unix://:hidden@/tmp/redis.sock?password=hidden": "something twice",
    "redis://:hid\tden@localhost": "%",
    "redis://:hidden%40localhost": "port",
    "redis://hidden%40localhost": "written as %40",
    "redis://:hidden@local..host/0": "host",
    "redis://:hidden@localhost/jobs": "number of a database",
    "redis://:hidden@localhost/1/2": "number of a database",
    "redis://:hidden@localhost/-1": "number of a database",
    "redis://:hidden@localhost/²": "number of a database",
    "redis://:hidden@localhost?hidden=1": "options",
    "redis://:hidden@localhost?socket_timeout=hidden": "options",
    "redis://:hidden@localhost?db=hidden": "options",
    "rediss://:hidden@localhost?ssl_cert_reqs=hidden": "options",
    "unix:///tmp/redis.sock?password=hidden&hidden=1": "options",
    "unix:///tmp/redis.sock?password=hid&den": "options.*& as %26",
    "unix://:hidden@tmp/redis.sock": "third slash",
    "redis://:hid\udcffden@localhost": "no letter and no digit",  # a byte of the environment that is no UTF-8
    "redis://:hidden@%2e%2e": "host",
    **{
        f"redis://:hidden@localhost?{option}=hidden": "options"
        for option in (
            "retry_on_error",
            "socket_keepalive_options",
            "socket_read_size",
            "socket_type",
            "event_dispatcher",
            "maint_notifications_config",
            "command_packer",
            "redis_connect_func",
            "credential_provider",
            "encoding",
            "encoding_errors",
        )
    },
    "rediss://:hidden@localhost?ssl_min_version=1": "options",
    "rediss://:hidden@localhost?ssl_ocsp_context=hidden": "options",
    "rediss://:hidden@localhost?ssl_ca_data=é": "options",
    "rediss://:hidden@localhost?ssl_ca_certs=a%00b": "options",
    "rediss://:hidden@localhost?ssl_keyfile=a": "ssl_keyfile needs ssl_certfile",
    "http://:hidden@localhost": "begin with redis://",
    "valkey://:hidden@localhost": "begin with redis://",
    ":hidden@localhost:6379": "begin with redis://",
}


@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address_is_refused_and_not_shown(monkeypatch, address):
    monkeypatch.setenv("REDIS_URL", address)
    with pytest.raises(ValueError, match=r"^\$REDIS_URL is no address\. .*redis://:PASSWORD@HOST:6379/0") as raised:
        RedisBackend()
    assert re.search(WRONG[address], str(raised.value))
    shown = "".join(traceback.format_exception(raised.value))
    assert not re.search("hid|den|@local", shown.replace("hidden_", ""))


@pytest.mark.parametrize(
    "address",
    [
        "redis://localhost",
        "redis://localhost/",
        "redis://:p%23%2F%3F%40@127.0.0.1:6379/12",
        "redis://user:p:w@[::1]:6379/0",
        "redis://?db=3",
        "rediss://localhost:6380/1?ssl_ca_certs=/x.pem&ssl_check_hostname=no",
        "rediss://localhost?ssl_certfile=/x.pem&ssl_keyfile=/y.pem&ssl_cert_reqs=none",
        "unix:///tmp/redis.sock?db=2&password=secret",
        "unix://user:secret@/tmp/redis.sock",
        "redis://localhost?socket_timeout=5&health_check_interval=3&client_name=me",
        "redis://localhost?protocol=3&decode_responses=True&max_connections=9&socket_keepalive=no",
    ],
)
def test_an_address_is_taken_as_it_is(monkeypatch, address):
    monkeypatch.setenv("REDIS_URL", address)
    assert redis_client.address() == address


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (lambda: "redis://:hidden@localhost", "builtins.str"),
        (lambda: "", "builtins.str"),
        (lambda: redis.asyncio.Redis(), "redis.asyncio.client.Redis"),
        (lambda: pytest.importorskip("valkey").Valkey(), "valkey.client.Valkey"),
        (lambda: redis.ConnectionPool(), "redis.connection.ConnectionPool"),
    ],
)
def test_a_client_of_another_kind_is_refused(client, name):
    with pytest.raises(TypeError, match=rf"class redis\.Redis, .* This is a {re.escape(name)}\.$"):
        RedisBackend(client())


# A short `hz`, a slow link


@pytest.mark.parametrize("number", [4, max(SYSTEMS)])
def test_no_wait_is_taken_for_a_lost_reply(number):
    with (
        server(VALKEY, "hz 1") as port,
        Proxy(f"redis://127.0.0.1:{port}") as proxy,
        redis.Redis(port=port) as raw,
    ):
        backend = SYSTEMS[number].RedisBackend(redis.Redis.from_url(proxy.url))
        with pytest.raises(queue.Empty):
            backend.get(block=False)  # what is asked once only is asked
        proxy.away, proxy.back = 0.2, 0.3
        # Returns when the server looks at its clock, and it does so again in a second.
        raw.blpop(["luffy:nothing"], timeout=0.01)
        with pytest.raises(queue.Empty):
            backend.get(timeout=1)


# When another server takes over


@contextlib.contextmanager
def two_servers(kind, eventually):
    """A primary and its replica, and how to exchange them. Yields the port of the primary, and that."""
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(server(kind, "repl-diskless-sync-delay 0")) for _ in range(2)]
        old, new = (stack.enter_context(redis.Redis(port=port, protocol=2)) for port in ports)
        new.execute_command("REPLICAOF", "127.0.0.1", ports[0])
        eventually(lambda: new.info("replication")["master_link_status"] == "up")

        def exchange():
            eventually(lambda: old.wait(1, 1000) == 1)
            new.execute_command("REPLICAOF", "NO", "ONE")
            old.execute_command("REPLICAOF", "127.0.0.1", ports[1])
            return ports[1]

        yield ports[0], exchange


class Caller:
    """Asks for jobs, each until it knows that it was added."""

    def __init__(self, worker):
        self.worker = worker
        self.refused = 0
        self.unknown = set()  # jobs that may have been added by a call that raised

    def ask(self, number):
        for _ in range(50):
            try:
                return self.worker.perform_queue(number)
            except redis.ReadOnlyError:
                self.refused += 1
            except redis.ConnectionError:
                self.unknown.add(number)
        raise AssertionError("it stays with the demoted server")


def outlives(system, exchange, done, eventually, aside):
    """Whether callers, processors, keeper and poller all go over to the other server."""

    class Note(system.Worker):
        def perform(self, number):
            done.append(number)

    backend, caller = Luffy.backend, Caller(Note)
    pool = system.Processor.start(3)
    for asked in [aside(caller.ask, number) for number in range(10)]:  # so that there are connections to the old one
        asked.result(timeout=10)
    eventually(lambda: set(done) == set(range(10)))
    backend.join()  # what is acknowledged only to the old server is rightly done again
    exchange()
    for number in range(10, 30):
        caller.ask(number)
    last = 30
    if hasattr(Note, "perform_in"):
        Note.perform_in(0, 30)
        lost = f"{backend.key}:in_flight:of_somebody_who_is_gone"
        backend.redis.lpush(lost, '{"worker": "Note", "args": [31]}')
        backend.redis.zadd(backend.heartbeats, {lost: 1})
        last = 32
    eventually(lambda: set(done) == set(range(last)))
    pool.stop(timeout=10)
    assert {number for number in done if done.count(number) > 1} <= caller.unknown
    assert caller.refused <= 20  # each connection says it once
    assert backend.qsize() == 0


@pytest.fixture
def quick(monkeypatch):
    for system in SYSTEMS.values():
        monkeypatch.setattr(system.RedisBackend, "beat_every", 0.2, raising=False)


@pytest.mark.parametrize(("kind", "number"), [(VALKEY, 4), (VALKEY, max(SYSTEMS)), (REDIS_7, 5), (REDIS_6, 7)])
@pytest.mark.usefixtures("quick")
def test_after_a_failover_behind_one_name_everybody_goes_on_and_nothing_is_repeated(
    kind, number, done, eventually, aside
):
    with two_servers(kind, eventually) as (port, exchange), Proxy(f"redis://127.0.0.1:{port}") as proxy:

        def name_goes_over():
            proxy.upstream = "127.0.0.1", exchange()

        Luffy.backend = SYSTEMS[number].RedisBackend(redis.Redis.from_url(proxy.url))
        outlives(SYSTEMS[number], name_goes_over, done, eventually, aside)
        Luffy.backend.redis.connection_pool.disconnect()


@pytest.mark.parametrize(("kind", "number"), [(VALKEY, max(SYSTEMS)), (REDIS_6, 6)])
def test_a_server_that_has_lost_its_replicas_is_left_for_the_one_behind_its_name(kind, number, eventually):
    with (
        server(kind) as new,
        server(kind) as old,
        redis.Redis(port=old) as admin,
        Proxy(f"redis://127.0.0.1:{old}") as proxy,
    ):
        Luffy.backend = backend = SYSTEMS[number].RedisBackend(redis.Redis.from_url(proxy.url))
        backend.schedule(Message(b"{}"), 1)
        admin.config_set("min-replicas-to-write", 1)  # the usual guard of one that is cut off
        proxy.upstream = "127.0.0.1", new
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            backend.schedule(Message(b"{}"), 1)
        backend.schedule(Message(b"{}"), 1)
        backend.promote()
        assert backend.qsize() == 1
        assert redis.Redis(port=new).llen("luffy:queue") == 1
        backend.redis.connection_pool.disconnect()


def test_a_script_that_a_demoted_server_refuses_is_not_sent_to_it_again(eventually):
    # Redis 6 only mentions in its reply why it does not write.
    with two_servers(REDIS_6, eventually) as (port, exchange), Proxy(f"redis://127.0.0.1:{port}") as proxy:
        backend = SYSTEMS[6].RedisBackend(redis.Redis.from_url(proxy.url))
        backend.schedule(Message(b"{}"), 1)
        proxy.upstream = "127.0.0.1", exchange()
        with pytest.raises(redis.ResponseError, match="READONLY"):
            backend.promote()
        backend.promote()
        assert backend.qsize() == 1
        backend.redis.connection_pool.disconnect()


@pytest.mark.usefixtures("quick")
def test_the_primary_of_a_sentinel_works_and_is_followed(done, eventually, aside):
    with contextlib.ExitStack() as stack:
        port, exchange = stack.enter_context(two_servers(REDIS_7, eventually))
        at = stack.enter_context(server(REDIS_7, f"sentinel monitor mine 127.0.0.1 {port} 1"))
        sentinel = stack.enter_context(redis.Redis(port=at))

        def sentinel_says_so():
            sentinel.execute_command("SENTINEL", "REMOVE", "mine")
            sentinel.execute_command("SENTINEL", "MONITOR", "mine", "127.0.0.1", exchange(), 1)

        Luffy.backend = NEWEST.RedisBackend(Sentinel([("127.0.0.1", at)]).master_for("mine", db=3))
        assert repr(Luffy.backend) == "<RedisBackend service mine/3>"
        outlives(NEWEST, sentinel_says_so, done, eventually, aside)
        Luffy.backend.redis.connection_pool.disconnect()


def test_nothing_is_repeated_in_a_client_that_asks_a_sentinel_either(registry):
    class Note(NEWEST.Worker):
        pass

    with server(VALKEY) as port, Proxy(f"redis://127.0.0.1:{port}") as proxy:
        name = f"sentinel monitor mine 127.0.0.1 {proxy.server_address[1]} 1"
        with server(VALKEY, name) as at, redis.Redis(port=port) as raw:
            repeats = {"retry": Retry(ConstantBackoff(0.01), 5), "retry_on_error": [redis.RedisError]}
            Luffy.backend = NEWEST.RedisBackend(Sentinel([("127.0.0.1", at)]).master_for("mine", **repeats))
            proxy.fail("drop", b"LPUSH")
            with pytest.raises(redis.ConnectionError):
                Note.perform_queue()
            assert raw.llen("luffy:queue") == 1
            assert "None of the Sentinels that answer knows" in refusal(
                Sentinel([("127.0.0.1", at)]).master_for("other")
            )


def test_the_password_of_a_sentinel_that_is_away_is_not_shown():
    sentinel = Sentinel([("127.0.0.1", 1)], sentinel_kwargs={"password": "hidden", "retry": None})
    with pytest.raises(redis.RedisError, match="None of the Sentinels") as raised:
        NEWEST.RedisBackend(sentinel.master_for("mine"))
    assert "hidden" not in "".join(traceback.format_exception(raised.value))
