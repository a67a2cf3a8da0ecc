"""`work --processes N`: a process that looks after others, with real ones, which die in real ways."""

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest
import redis
from test_work import ECHO, REGEX, STUBBORN, WAIT, WORKERS

from luffy_lesson.step10_process import RedisBackend

pytestmark = pytest.mark.commands

DIES = '{"worker": "Dies", "args": [%d]}'


@pytest.fixture(autouse=True)
def workers(tmp_path):
    """The file `workers.py`, in the folder where the process starts."""
    file = tmp_path / "workers.py"
    file.write_text(WORKERS)
    return file


@pytest.fixture
def start(redis_url, start):
    """To start a process; it is ended before the keys are deleted that its keeper writes."""
    return start


@pytest.fixture
def registry(redis_url):
    """The ids of the processes that the registry tells of, and more of each."""
    return lambda: {info.pid: info for info in RedisBackend(redis.Redis.from_url(redis_url)).processes()}


@pytest.fixture
def alive(workers):
    """Return those processes of the test that are left, also those that have lost their parent."""

    def alive():
        everybody = psutil.process_iter(["cmdline"])
        return [one for one in everybody if str(workers) in (one.info["cmdline"] or []) and one.status() != "zombie"]

    yield alive
    for process in alive():
        process.kill()


@pytest.fixture
def supervise(start, redis_url, registry, workers, alive, eventually):
    """`work workers.py --processes 2`, of which both are ready."""

    processes = []

    def supervise(*options):
        processes.append(start("work", str(workers), "--processes=2", "-c1", *options, REDIS_URL=redis_url))
        eventually(lambda: len(registry()) == 2)
        return processes[-1]

    yield supervise
    for process in processes:
        process.process.kill()
    eventually(lambda: alive() == [])


def test_each_of_its_processes_is_in_the_registry_and_it_is_not(supervise, registry):
    process = supervise()
    assert registry().keys() == {child.pid for child in psutil.Process(process.pid).children()}
    assert {info.concurrency for info in registry().values()} == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_all_finish_and_ends_all(supervise, connection, registry, number):
    process = supervise()
    connection.lpush("luffy:queue", WAIT, WAIT)
    process.wait_for("began")
    process.wait_for("began")
    process.process.send_signal(number)
    process.wait_for("Finishing the jobs in hand.")
    assert process.goes_on()
    connection.lpush("luffy:test:go", "now", "now")
    assert process.ends(timeout=15) == 0
    assert process.lines[-2:] == ["[Processor 0] finished"] * 2
    assert connection.keys("luffy:*") == []


def test_ctrl_c_in_a_terminal_reaches_all_and_is_one_signal(supervise, connection):
    process = supervise()
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children()]:
        one.send_signal(signal.SIGINT)
    assert process.goes_on()
    connection.lpush("luffy:test:go", "now")
    assert process.ends(timeout=15) == 0
    assert connection.keys("luffy:*") == []


def test_ctrl_z_quiets_all_and_then_none_is_replaced(supervise, registry, eventually):
    process = supervise()
    first, second = registry()
    process.process.send_signal(signal.SIGTSTP)
    eventually(lambda: [info.quiet for info in registry().values()] == [True, True])
    os.kill(first, signal.SIGKILL)
    assert process.goes_on()
    assert [child.pid for child in psutil.Process(process.pid).children()] == [second]
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=15) == 0


def test_at_the_deadline_all_give_back(supervise, connection):
    process = supervise("--deadline=0.5")
    connection.lpush("luffy:queue", STUBBORN, STUBBORN)
    process.wait_for("began")
    process.wait_for("began")
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=10) == 0
    assert connection.lrange("luffy:queue", 0, -1) == [STUBBORN, STUBBORN]


def test_what_ends_for_nobody_is_killed(supervise, connection):
    process = supervise("--deadline=0.5")
    connection.lpush("luffy:queue", REGEX)
    process.wait_for("began")
    begin = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=15) == 1
    assert time.monotonic() - begin < 8


def test_a_second_signal_ends_all_at_once(supervise, connection):
    process = supervise()
    connection.lpush("luffy:queue", STUBBORN)
    process.wait_for("began")
    process.process.send_signal(signal.SIGTERM)
    process.wait_for("Finishing")
    process.process.send_signal(signal.SIGINT)
    assert process.ends(timeout=10) == 128 + signal.SIGINT


@pytest.mark.parametrize(
    ("job", "says"),
    [(DIES % 3, "ended with exit code 3"), (DIES % 0, "ended with exit code 0"), (None, "died of SIGKILL")],
)
def test_one_that_dies_is_replaced(supervise, connection, registry, eventually, job, says):
    process = supervise()
    before = set(registry())
    if job:
        connection.lpush("luffy:queue", job)
    else:
        os.kill(min(before), signal.SIGKILL)
    line = process.wait_for("Another takes its place")
    (dead,) = [pid for pid in before if line == f"Process {pid} {says}. Another takes its place in 0.5 s."]
    eventually(lambda: registry().keys() - before)
    eventually(lambda: len(psutil.Process(process.pid).children()) == 2)
    assert dead not in [child.pid for child in psutil.Process(process.pid).children()]
    connection.lpush("luffy:queue", ECHO)
    process.wait_for("hello")


def test_those_that_die_at_once_again_and_again_wait_longer_and_longer(start, workers, redis_url):
    workers.write_text(WORKERS + "if not os.path.exists('first'):\n    open('first', 'w')\nelse:\n    os._exit(7)\n")
    process = start("work", "workers.py", "--processes=2", "-c1", REDIS_URL=redis_url)
    lines = [process.wait_for("ended with exit code 7") for _ in range(4)]
    assert [re.search("in (.*) s", line)[1] for line in lines] == ["0.5", "1", "2", "4"]
    process.process.send_signal(signal.SIGTERM)  # while it waits
    assert process.ends(timeout=10) == 0


def test_it_leaves_no_orphans_when_it_is_killed(supervise, connection, registry, alive, eventually):
    process = supervise("--deadline=0.5")
    connection.lpush("luffy:queue", STUBBORN)
    process.wait_for("began")
    process.process.kill()
    eventually(lambda: alive() == [])
    assert registry() == {}
    assert connection.lrange("luffy:queue", 0, -1) == [STUBBORN]


def test_what_is_wrong_is_said_once(start, redis_url):
    process = start("work", "nothing.py", "--processes=2", REDIS_URL=redis_url)
    assert process.ends(timeout=15) == 1
    assert [line[:27] for line in process.lines] == ["There is no file nothing.py"]


@pytest.mark.parametrize("job", [None, STUBBORN], ids=["idle", "at work"])
def test_who_is_told_to_stop_is_not_replaced(supervise, registry, redis_url, connection, eventually, job):
    process = supervise("--beat-every=0.1", "--deadline=0.5")
    backend = RedisBackend(redis.Redis.from_url(redis_url))
    if job:
        connection.lpush("luffy:queue", job)
        eventually(lambda: any(info.busy for info in backend.processes()))
    first, second = sorted(backend.processes(), key=lambda info: not info.busy)
    backend.tell(second.id if job else first.id, "quiet")  # so it does not take what the other gives back
    eventually(lambda: any(info.quiet for info in backend.processes()))
    backend.tell(first.id, "stop")
    eventually(lambda: registry().keys() == {second.pid})
    assert process.goes_on()
    backend.tell(second.id, "stop")
    assert process.ends(timeout=10) == 0
    assert "takes its place" not in "".join(process.lines)


def test_until_eof_is_for_all(supervise):
    process = supervise("--until-eof")
    process.process.stdin.close()
    assert process.ends(timeout=15) == 0


def test_when_nobody_reads_what_they_print_all_end(
    variables, redis_url, workers, connection, registry, alive, eventually
):
    command = [sys.executable, "-m", "luffy_lesson", "work", str(workers), "--processes=2", "-c1"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=workers.parent, env=variables | {"REDIS_URL": redis_url}, **pipes) as process:
        try:
            eventually(lambda: len(registry()) == 2)
            process.stdout.close()  # as `| head -1` does
            connection.lpush("luffy:queue", *[ECHO] * 4)
            assert process.wait(timeout=15) == 1
        finally:
            process.kill()
    eventually(lambda: alive() == [])
