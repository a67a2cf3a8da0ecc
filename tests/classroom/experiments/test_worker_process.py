"""Other processes are real ones, and really end."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from luffy_lesson.classroom import WorkerProcess, another_process, lesson
from luffy_lesson.classroom.experiments import worker_process

ECHO = '{"worker": "Echo", "args": ["hello"]}'
WAIT = '{"worker": "Wait", "args": []}'


def ended(pid):
    """Whether the process is gone. One that nobody waits for stays as a zombie."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_another_process_prints_what_the_process_prints(capsys):
    another_process("import sys, os; print(os.getppid()); print('oh', file=sys.stderr); 1 / 0")
    parent, oh, *traceback = capsys.readouterr().out.splitlines()
    assert (int(parent), oh, traceback[-1]) == (psutil.Process().pid, "oh", "ZeroDivisionError: division by zero")


def test_another_process_finds_the_package_from_any_folder(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    another_process("import luffy_lesson; print(luffy_lesson.__name__)")
    assert capsys.readouterr().out == "luffy_lesson\n"


def test_another_process_finds_what_pythonpath_brings(capsys, tmp_path, monkeypatch):
    (tmp_path / "brought.py").write_text("print('here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    another_process("import brought")
    assert capsys.readouterr().out == "here\n"


def test_another_process_prints_any_character_whatever_the_locale(capsys, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    another_process("print('Łódź ✓')")
    assert capsys.readouterr().out == "Łódź ✓\n"


def test_another_process_that_does_not_end_is_killed():
    with pytest.raises(subprocess.TimeoutExpired):
        another_process("import time; time.sleep(60)", timeout=0.5)


def test_a_worker_process_does_jobs_and_its_lines_are_shown_here(databases, file, printed):
    lesson.fresh(4)
    with WorkerProcess(file, 1) as process:
        databases[0].lpush("luffy:queue", ECHO)
        printed("[Processor 0] hello\n")
        assert WorkerProcess.running == {process}
    assert not WorkerProcess.running
    assert process.exit_code == 0


def test_a_worker_process_that_is_stopped_finishes_its_job(databases, file, printed):
    lesson.fresh(4)
    process = WorkerProcess(file, 1)
    databases[0].lpush("luffy:queue", WAIT)
    printed("began\n")
    stopping = threading.Thread(target=process.stop)
    stopping.start()
    databases[0].lpush("luffy:test:go", "now")
    stopping.join(timeout=20)
    assert process.exit_code == 0
    printed("[Processor 0] finished\n")


def test_a_worker_process_that_does_not_stop_in_time_is_killed(databases, file, printed):
    lesson.fresh(4)
    process = WorkerProcess(file, 1)
    databases[0].lpush("luffy:queue", WAIT)
    printed("began\n")
    process.stop(timeout=0.2)
    assert process.exit_code == -signal.SIGKILL


def test_a_worker_process_that_is_killed_takes_its_job_with_it(databases, file, printed):
    lesson.fresh(4)
    process = WorkerProcess(file, 1)
    databases[0].lpush("luffy:queue", WAIT)
    said = printed("began\n")
    process.kill()
    assert process.exit_code == -signal.SIGKILL
    assert "finished" not in said
    assert not WorkerProcess.running
    assert databases[0].exists("luffy:queue") == 0


def test_a_block_that_fails_kills_its_worker_process_at_once(databases, file):
    lesson.fresh(4)
    with pytest.raises(KeyError), WorkerProcess(file, 1) as process:
        raise KeyError
    assert process.exit_code == -signal.SIGKILL
    assert not WorkerProcess.running


def test_a_start_that_is_interrupted_leaves_no_process(databases, file, monkeypatch):
    lesson.fresh(4)
    wait = threading.Event.wait

    def interrupted(event, timeout=None):
        if timeout == 30:  # for the process
            raise KeyboardInterrupt
        return wait(event, timeout)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            WorkerProcess(file, 1)
    assert not WorkerProcess.running


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_worker_process_can_be_ended_twice(databases, file, end):
    lesson.fresh(4)
    process = WorkerProcess(file, 1)
    getattr(process, end)()
    getattr(process, end)()


@pytest.mark.parametrize(
    ("text", "reason"),
    [("1 / 0", "ZeroDivisionError: division by zero"), ("x = 1", "defines no worker"), ("x = ", "SyntaxError")],
)
def test_a_file_that_is_no_good_is_refused_with_the_reason(databases, tmp_path, text, reason):
    lesson.fresh(4)
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(RuntimeError, match=reason):
        WorkerProcess(str(tmp_path / "bad.py"))
    assert not WorkerProcess.running


def test_a_file_that_does_not_get_ready_is_given_up(databases, tmp_path, monkeypatch):
    lesson.fresh(4)
    monkeypatch.setattr(worker_process, "READY_WITHIN", 1)
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(60)\n")
    with pytest.raises(RuntimeError, match="did not get ready"):
        WorkerProcess(str(tmp_path / "slow.py"))
    assert not WorkerProcess.running


def test_a_worker_that_the_process_does_not_know_is_said_in_two_lines(databases, file, printed):
    lesson.fresh(4)
    with WorkerProcess(file, 1):
        databases[0].lpush("luffy:queue", '{"worker": "Nobody", "args": []}', ECHO)
        said = printed("hello\n")
    known = sorted(re.findall(r"^class (\w+)", Path(file).read_text(), flags=re.MULTILINE))
    assert said.splitlines()[-3:-1] == [
        '{"worker": "Nobody", "args": []} failed',
        f"LookupError: no worker 'Nobody' here, only {known}",
    ]


def test_a_file_of_workers_may_print_something(databases, file, printed):
    lesson.fresh(4)
    with open(file, "a") as more:
        more.write("print('loading')\n")
    with WorkerProcess(file, 1):
        databases[0].lpush("luffy:queue", ECHO)
        assert "processors take jobs" not in printed("[Processor 0] hello\n")


def test_what_a_file_of_workers_prints_is_shown(databases, file, printed):
    lesson.fresh(4)
    with open(file, "a") as more:
        more.write("print('loading')\n")
    with WorkerProcess(file, 1):
        printed("loading\n")


def test_a_silent_worker_process_does_its_jobs_and_shows_no_line(databases, file, capsys, eventually):
    lesson.fresh(4)
    capsys.readouterr()
    with WorkerProcess(file, 1, silent=True):
        databases[0].lpush("luffy:queue", ECHO)
        eventually(lambda: not databases[0].llen("luffy:queue"))
    assert capsys.readouterr().out == ""


def test_a_last_line_without_an_end_is_shown(databases, file, tmp_path, printed, eventually):
    lesson.fresh(4)
    (tmp_path / "dots.py").write_text(Path(file).read_text().replace("say(text)", "print(text, end='', flush=True)"))
    with WorkerProcess(str(tmp_path / "dots.py"), 1):
        databases[0].lpush("luffy:queue", ECHO)
        eventually(lambda: not databases[0].exists("luffy:queue"))
    printed("hello")


@pytest.fixture
def owner_process(file, redis_url, environment):
    """A function that starts a process which starts a worker process, and then runs more code."""
    started = []

    def start(then):
        program = (
            "from luffy_lesson.classroom import WorkerProcess\n"
            f"worker = WorkerProcess({file!r}, 1)\nprint(worker.pid, flush=True)\n{then}"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program], env=environment | {"REDIS_URL": redis_url}, stdout=subprocess.PIPE
        )
        started.append((process, int(process.stdout.readline())))
        return started[-1]

    yield start
    for process, worker in started:
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_a_worker_process_ends_when_its_owner_is_killed(owner_process, eventually):
    process, worker = owner_process("import time; time.sleep(60)")
    assert not ended(worker)
    process.kill()
    eventually(lambda: ended(worker))


def test_a_script_that_forgets_its_worker_process_ends_and_takes_it_along(owner_process, eventually):
    process, worker = owner_process("")
    assert process.wait(timeout=15) == 0
    eventually(lambda: ended(worker))
