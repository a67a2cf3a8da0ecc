import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from luffy_lesson.redis_server import RedisServer, home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lesson's server does not run on Windows")

LISTENING = Path("/proc/net/tcp")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server that runs, for tests that only look."""
    server = RedisServer(tmp_path_factory.mktemp("running") / "redis")
    server.start()
    yield server
    server.stop()


def password_of(url):
    return url.removeprefix("redis://:").partition("@")[0]


def port_of(url):
    return int(url.rpartition(":")[2])


def pid_of(server):
    with server.connect() as connection:
        return connection.info("server")["process_id"]


def put_job(server):
    with server.connect() as connection:
        connection.lpush("luffy:queue", "job")


def jobs(server):
    with server.connect() as connection:
        return connection.lrange("luffy:queue", 0, -1)


def alive(pid):
    """Whether the process runs; one that has ended and that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def command_lines():
    return [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]


def run(code, server, environment, **options):
    program = [sys.executable, "-c", START + code, str(server.folder)]
    return subprocess.Popen(
        program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options
    )


START = """
import sys
from pathlib import Path
from luffy_lesson.redis_server import RedisServer

server = RedisServer(Path(sys.argv[1]))
"""


# Started once


def test_a_server_that_was_never_started_has_no_address_and_cannot_be_reached(server):
    assert server.url is None
    assert not server.answers()
    with pytest.raises(ConnectionRefusedError, match="never been started"):
        server.connect()
    assert server.stop() is False
    assert not server.folder.exists()


def test_starting_twice_gives_the_same_address_and_the_same_process(running):
    url, pid = running.url, pid_of(running)
    assert running.start() == RedisServer(running.folder).start() == running.url == url
    assert pid_of(running) == pid
    assert running.answers()


def test_processes_that_start_it_at_the_same_moment_end_up_with_one(server, environment):
    code = "print('ready')\nsys.stdin.readline()\nprint(server.start())\nprint(server.connect().info()['process_id'])"
    processes = [run(code, server, environment) for _ in range(3)]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
        answers = {process.communicate(timeout=30)[0] for process in processes}
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert answers == {f"{server.url}\n{pid_of(server)}\n"}
    assert sum(str(server.folder) in line for line in command_lines()) == 1  # one keeper
    assert (server.folder / "redis.log").read_text().count("Ready to accept connections") == 1


def test_it_outlives_the_process_that_started_it_and_the_death_of_its_terminal(server, environment):
    starter = run("print(server.start())\nsys.stdin.readline()", server, environment, start_new_session=True)
    try:
        assert starter.stdout.readline() == f"{server.url}\n"
    finally:
        os.killpg(starter.pid, signal.SIGKILL)  # the whole process group, as a terminal that is closed does
        starter.communicate(timeout=10)
    assert server.answers()


def test_two_folders_have_two_servers(server, tmp_path):
    other = RedisServer(tmp_path / "other")
    try:
        assert port_of(other.start()) != port_of(server.start())
        assert password_of(other.url) != password_of(server.url)
        put_job(server)
        assert jobs(other) == []
    finally:
        other.stop()


def test_the_default_folder_is_in_the_home_of_the_course(tmp_path, monkeypatch):
    monkeypatch.setenv("LUFFY_HOME", str(tmp_path / "new" / "home"))
    assert RedisServer().folder == tmp_path.resolve() / "new" / "home" / "redis" == home() / "redis"
    assert home().stat().st_mode & 0o777 == 0o700


KILLED_AND_STARTED_AGAIN = """
import os, signal

server.start()
pid = int((server.folder / "redis.pid").read_text())
os.kill(pid, signal.SIGKILL)
while server.answers():
    pass
print(server.start())
server.stop()
"""


def test_starting_gives_no_warning(server, environment):
    program = [sys.executable, "-W", "error", "-c", START + KILLED_AND_STARTED_AGAIN, str(server.folder)]
    ran = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=30)
    assert ran.stdout == f"{server.url}\n"
    assert ran.stderr == ""


# For nobody else


def test_a_stranger_without_the_password_is_refused(running):
    assert len(password_of(running.url)) >= 32
    with (
        redis.Redis(port=port_of(running.url), retry=Retry(NoBackoff(), 0), socket_timeout=5) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_only_the_user_can_read_the_password(server):
    old_mask = os.umask(0)
    try:
        server.start()
    finally:
        os.umask(old_mask)
    assert password_of(server.url) in server.configuration.read_text()
    assert server.configuration.stat().st_mode & 0o777 == 0o600
    assert server.folder.stat().st_mode & 0o777 == 0o700
    others = [path for path in server.folder.rglob("*") if path.is_file() and path != server.configuration]
    assert others
    assert not any(password_of(server.url).encode() in path.read_bytes() for path in others)


def test_the_password_is_on_no_command_line(running):
    lines = command_lines()
    assert any(str(running.folder) in line for line in lines)  # the keeper's
    assert not any(password_of(running.url) in line for line in lines)


def test_it_listens_on_loopback_only(running):
    port = f"{port_of(running.url):04X}"
    with running.connect() as connection:
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}
    if LISTENING.exists():  # on Linux one can look
        sockets = LISTENING.read_text() + LISTENING.with_name("tcp6").read_text()
        addresses = re.findall(rf"^ *\d+: (\w+):{port} \w+:0000 0A ", sockets, re.MULTILINE)
        assert addresses == [f"{int.from_bytes(socket.inet_aton('127.0.0.1'), sys.byteorder):08X}"]


# What stays


def test_address_and_jobs_stay_when_it_is_stopped_and_started(server):
    url = server.start()
    put_job(server)
    pid = pid_of(server)
    assert server.stop() is True
    assert not server.answers()
    assert not alive(pid)
    assert server.url == url
    assert server.stop() is False
    assert server.start() == url
    assert jobs(server) == [b"job"]


def test_address_and_jobs_stay_when_it_is_killed(server, eventually):
    url = server.start()
    put_job(server)
    pid = int((server.folder / "redis.pid").read_text())
    assert pid == pid_of(server)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.answers())
    assert server.start() == url
    assert jobs(server) == [b"job"]
    assert pid_of(server) != pid


def test_it_is_found_and_stopped_when_its_keeper_is_killed(server):
    url = server.start()
    pid = pid_of(server)
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    assert server.start() == url
    assert pid_of(server) == pid
    assert server.stop() is True
    assert not alive(pid)


def test_a_server_that_hangs_is_stopped(server):
    server.start()
    pid = pid_of(server)
    os.kill(pid, signal.SIGSTOP)
    assert server.stop() is True
    assert not alive(pid)


# What heals


def test_a_port_that_somebody_else_has_taken_is_given_up(server, aside):
    def hang_up():
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                other.accept()[0].close()

    url = server.start()
    put_job(server)
    server.stop()
    done = threading.Event()
    with socket.create_server(("127.0.0.1", port_of(url))) as other:
        other.settimeout(0.1)
        hung_up = aside(hang_up)
        new = server.start()
        done.set()
        hung_up.result(timeout=10)
        assert port_of(new) != port_of(url)
        assert password_of(new) == password_of(url)
        assert jobs(server) == [b"job"]


def test_a_stranger_with_the_old_number_of_the_process_is_not_killed(server):
    server.start()
    server.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (server.folder / "redis.pid").write_text(f"{stranger.pid}\n")
        assert server.stop() is False
        assert stranger.poll() is None
        stranger.communicate(timeout=10)


@pytest.mark.parametrize("text", ["", "port 6379\n"])
def test_a_configuration_that_makes_no_sense_is_written_anew(server, text):
    server.folder.mkdir(mode=0o700)
    server.configuration.write_text(text)
    assert server.url is None
    server.start()
    assert server.answers()


def test_a_server_whose_configuration_was_deleted_can_be_stopped(server):
    url = server.start()
    pid, configuration = pid_of(server), server.configuration.read_text()
    server.configuration.unlink()
    try:
        assert server.stop() is True
        assert not alive(pid)
    finally:
        server.configuration.write_text(configuration)  # so that it ends in any case
    assert server.url == url


def test_a_server_whose_folder_was_deleted_ends_with_its_keeper(server, eventually):
    server.start(unused=1)
    pid = pid_of(server)
    keeper = psutil.Process(pid).ppid()
    shutil.rmtree(server.folder)
    try:
        eventually(lambda: not alive(keeper))
        assert not alive(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_server_that_cannot_start_says_so_with_the_end_of_its_log(server):
    server.folder.mkdir(mode=0o700)
    (server.folder / "appendonlydir").write_text("in the way")
    with pytest.raises(RuntimeError, match="does not start") as raised:
        server.start()
    assert str(server.folder) in str(raised.value)
    assert "appendonlydir" in str(raised.value)
    (server.folder / "appendonlydir").unlink()
    server.start()
    assert server.answers()


# Unused


def test_it_stops_by_itself_when_unused_and_its_jobs_stay(server, eventually):
    url = server.start(unused=1)
    put_job(server)
    pid = pid_of(server)
    eventually(lambda: not alive(pid))  # to ask the server would be to use it
    assert not server.answers()
    assert server.start() == url
    assert jobs(server) == [b"job"]


def test_it_does_not_stop_while_a_client_is_connected(server, eventually):
    server.start(unused=1)
    with server.connect() as client:

        def visits():
            return client.info("stats")["total_connections_received"]

        first = visits()
        eventually(lambda: visits() >= first + 8)  # the keeper's: it looks four times a second
