"""`python3 -m luffy_lesson work`: a process with processors, in a real process."""

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import redis
from servers import VALKEY, server

WORKERS = (Path(__file__).parents[1] / "sample_workers.py").read_text()
ECHO = '{"worker": "Echo", "args": ["hello"]}'
WAIT = '{"worker": "Wait", "args": []}'


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
def work(start, redis_url):
    """`work workers.py`, ready."""

    def work(*options, target="workers.py"):
        process = start("work", target, *options, REDIS_URL=redis_url)
        process.wait_for("processors take jobs from")
        return process

    return work


def test_a_job_that_any_program_pushed_is_done(work, connection):
    process = work("-c", "2")
    assert process.lines[-1].startswith("2 processors")
    connection.lpush("luffy:queue", ECHO)
    assert re.fullmatch(r"\[Processor [01]\] hello", process.wait_for("hello"))
    assert connection.exists("luffy:queue") == 0


def test_the_password_is_not_printed(work, redis_url):
    assert re.search(r":(\w+)@", redis_url)[1] not in "".join(work().lines)


@pytest.mark.parametrize("target", ["./workers.py", "workers", "package.workers", "package/workers.py"])
def test_workers_come_from_a_file_or_a_module(work, connection, workers, target):
    package = workers.parent / "package"
    package.mkdir()
    shutil.copy(workers, package)
    process = work("-c", "1", target=target)
    connection.lpush("luffy:queue", ECHO)
    process.wait_for("[Processor 0] hello")


def test_redis_url_goes_before_the_lesson_and_that_is_said(start, redis_url):
    process = start("work", "workers.py", "--lesson", "4", REDIS_URL=redis_url)
    process.wait_for("REDIS_URL is set, so --lesson 4 is ignored.")
    assert redis_url.rpartition("@")[2] in process.wait_for("processors take jobs from")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_job_in_hand_finish_and_takes_no_other(work, connection, number):
    process = work("-c", "1")
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    process.process.send_signal(number)
    process.wait_for("Finishing the jobs in hand")
    connection.lpush("luffy:queue", ECHO)
    assert process.goes_on()
    connection.lpush("luffy:test:go", "now")
    assert process.ends() == 0
    assert process.lines[-1] == "[Processor 0] finished"
    assert connection.lrange("luffy:queue", 0, -1) == [ECHO]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_idle_processors_at_once(work, number):
    process = work()
    process.process.send_signal(number)
    assert process.ends(timeout=10) == 0


def test_a_signal_that_comes_while_a_lock_is_held_ends_it_too(start, redis_url):
    # A handler runs in the main thread, between any two of its instructions. A lock that it waits for and that the main
    # thread holds is never free again, and `Event.wait` holds the one that `Event.set` needs.
    program = textwrap.dedent("""
        import os, signal, sys, threading
        from luffy_lesson.launcher.work import work

        wait = threading.Condition.wait

        def wait_with_a_signal(condition, timeout=None):
            if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGTERM)):
                os.kill(os.getpid(), signal.SIGTERM)
            return wait(condition, timeout)

        threading.Condition.wait = wait_with_a_signal
        work("workers.py", 1, 0, False)
    """)
    process = start(run=["-c", program], REDIS_URL=redis_url)
    process.wait_for("processors take jobs from")
    if process.goes_on():
        process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=10) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_wait_for_the_job_in_hand(work, connection, first, second):
    process = work("-c", "1")
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    process.process.send_signal(first)
    assert process.goes_on()
    process.process.send_signal(second)
    assert process.ends(timeout=10) == -second
    assert "finished" not in process.lines[-1]


FIRST_PROCESS = """
import os, sys
from luffy_lesson.launcher.commands import main

os.getpid = lambda: 1
main(sys.argv[1:])
"""


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_the_first_process_of_a_container_ends_with_a_second_signal_too(start, redis_url, connection, second):
    # Linux spares process 1 the signals that it does not handle: one that dies of the signal would not, there.
    process = start("work", "workers.py", "-c1", run=["-c", FIRST_PROCESS], REDIS_URL=redis_url)
    process.wait_for("processors take jobs from")
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    process.process.send_signal(signal.SIGTERM)
    process.wait_for("Finishing the jobs in hand")
    process.process.send_signal(second)
    assert process.ends(timeout=10) == 128 + second


@pytest.fixture
def work_printing_to(variables, redis_url, tmp_path):
    """`work workers.py`, with its standard output there."""
    processes = []

    def work_printing_to(stdout):
        command = [sys.executable, "-m", "luffy_lesson", "work", "workers.py", "-c1"]
        options = {"cwd": tmp_path, "env": variables | {"REDIS_URL": redis_url}}
        processes.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, **options)
        )
        return processes[-1]

    yield work_printing_to
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_reader_who_leaves_ends_the_processors_and_no_job_fails(work_printing_to, connection):
    process = work_printing_to(subprocess.PIPE)
    assert b"1 processors take jobs" in process.stdout.readline()
    process.stdout.close()  # as `| head -1` does
    connection.lpush("luffy:queue", ECHO)
    assert process.wait(timeout=20) == 1
    assert process.stderr.read() == b"What the jobs print cannot be written (Broken pipe), so no more are done.\n"
    assert connection.keys("luffy:*") == []  # it is not to be tried again


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is Linux's")
def test_a_full_disk_ends_the_processors_as_well(work_printing_to):
    with Path("/dev/full").open("w") as full:
        process = work_printing_to(full)
    assert process.wait(timeout=20) == 1
    assert re.fullmatch(rb"What the jobs print .*No space left on device.*\n", process.stderr.read())


def test_no_character_is_an_error(start, redis_url, connection):
    process = start("work", "workers.py", "-c1", REDIS_URL=redis_url, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    process.wait_for("processors take jobs from")
    connection.lpush("luffy:queue", ECHO.replace("hello", "Łódź"))
    assert process.wait_for("[Processor 0]") == r"[Processor 0] \u0141\xf3d\u017a"


def test_until_eof_ends_when_standard_input_is_closed(work, connection):
    process = work("-c", "1", "--until-eof")
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    process.process.stdin.close()
    assert process.goes_on()
    connection.lpush("luffy:test:go", "now")
    assert process.ends() == 0
    assert process.lines[-1] == "[Processor 0] finished"


def test_until_eof_ends_at_once_where_there_is_no_standard_input(start, redis_url):
    process = start("work", "workers.py", "--until-eof", preexec=lambda: os.close(0), REDIS_URL=redis_url)
    assert process.ends() == 0
    assert process.lines[-1].startswith("5 processors take jobs")


def test_without_until_eof_standard_input_does_not_matter(work, connection):
    process = work("-c", "1")
    process.process.stdin.close()
    connection.lpush("luffy:queue", ECHO)
    process.wait_for("hello")
    assert process.goes_on()


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lines_of_many_processors_are_never_torn(start, connection, redis_url, unbuffered):
    process = start("work", "workers.py", "-c", "20", REDIS_URL=redis_url, PYTHONUNBUFFERED=unbuffered)
    process.wait_for("20 processors")
    texts = [f"{number:03} {'x' * 70}" for number in range(300)]
    connection.lpush("luffy:queue", *[ECHO.replace("hello", text) for text in texts])
    lines = [process.wait_for("") for _ in texts]
    assert all(re.fullmatch(r"\[Processor \d+\] \d{3} x{70}", line) for line in lines)
    assert sorted(line.partition("] ")[2] for line in lines) == texts


def sentence(done):
    """What a command printed that could not do its work: one line, with no traceback."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"[^\n]+\n", done.stderr), done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nothing.py", "There is no file nothing.py in "),
        ("no_module", "no_module cannot be imported: No module named 'no_module'."),
        ("book.ipynb", "book.ipynb is a notebook. Put the workers into a Python file"),
        ("empty.py", "empty.py defines no worker"),
        ("needs.py", "needs.py cannot be imported: No module named 'no_such_thing'."),
        (".", "'.' is neither a Python file nor the name of a module."),
        ("../workers", "'../workers' is neither"),
        ("", "'' is neither"),
    ],
)
def test_what_has_no_workers_is_refused_in_a_sentence(launch, workers, redis_url, target, says):
    for name, text in {"book.ipynb": "{}", "empty.py": "x = 1\n", "needs.py": "import no_such_thing\n"}.items():
        workers.with_name(name).write_text(text)
    assert sentence(launch("work", target, REDIS_URL=redis_url)).startswith(says)


@pytest.mark.parametrize("error", ["RuntimeError", "ValueError", "TimeoutError"])
def test_an_error_in_the_file_itself_is_shown_with_its_place(launch, workers, redis_url, error):
    workers.write_text(f"def broken():\n    raise {error}('by the learner')\n\nbroken()\n")
    done = launch("work", "workers.py", REDIS_URL=redis_url)
    assert done.returncode == 1
    assert 'workers.py", line 2, in broken' in done.stderr
    assert f"{error}: by the learner" in done.stderr


@pytest.mark.parametrize("count", ["0", "-3"])
def test_a_count_below_one_is_refused_in_a_sentence(launch, redis_url, count):
    assert "at least one processor" in sentence(launch("work", "workers.py", "-c", count, REDIS_URL=redis_url))


def test_a_server_that_does_not_answer_is_said_in_a_sentence(launch, closed_port):
    url = f"redis://:secret@127.0.0.1:{closed_port}/0"
    said = sentence(launch("work", "workers.py", REDIS_URL=url))
    assert f"127.0.0.1:{closed_port}" in said
    assert "$REDIS_URL" in said
    assert "secret" not in said


def test_a_server_that_cannot_be_used_is_refused_at_the_start_in_the_words_of_the_doctor(launch):
    with server(VALKEY, "replicaof 127.0.0.1 1") as port:
        url = f"redis://127.0.0.1:{port}/0"
        said = sentence(launch("work", "workers.py", REDIS_URL=url))
        diagnosed = launch("doctor", REDIS_URL=url)
    assert "The server is a replica" in said
    assert f"✗ a Redis server: {said}  → " in diagnosed.stdout
    assert diagnosed.returncode == 1


@pytest.mark.parametrize("sign", "#/?")
def test_a_password_that_breaks_the_address_is_not_printed(launch, sign):
    said = sentence(launch("work", "workers.py", REDIS_URL=f"redis://:hid{sign}den@127.0.0.1:6379/0"))
    assert said.startswith("$REDIS_URL is no address.")
    assert not re.search("hid|den@", said)


def test_the_usual_user_of_an_application_can_work_and_is_warned_of_nothing_that_he_may_not_know(start, launch):
    policy = ["maxmemory 100mb", "maxmemory-policy allkeys-lru", "user luffy on >secret ~luffy:* +@all -@dangerous"]
    with server(VALKEY, *policy) as port:
        url = f"redis://luffy:secret@127.0.0.1:{port}/0"
        diagnosed = launch("doctor", REDIS_URL=url)
        assert re.search(r"^✓ a Redis server: your own, .*, valkey 9[.0-9]+\n[✓✗]", diagnosed.stdout, re.MULTILINE)
        process = start("work", "workers.py", REDIS_URL=url)
        assert process.wait_for("").startswith("5 processors")
        redis.Redis(port=port).lpush("luffy:queue", ECHO)
        process.wait_for("hello")
        process.close()


def test_of_a_server_that_deletes_jobs_when_it_is_full_work_and_doctor_warn(start, launch):
    with server(VALKEY, "maxmemory 100mb", "maxmemory-policy allkeys-lru") as port:
        url = f"redis://127.0.0.1:{port}/0"
        process = start("work", "workers.py", REDIS_URL=url)
        warning = process.wait_for("the whole queue may vanish")
        process.wait_for("processors take jobs from")
        diagnosed = launch("doctor", REDIS_URL=url)
        process.close()
    assert re.search(rf"^✓ a Redis server: .*\n  → {re.escape(warning)}$", diagnosed.stdout, re.MULTILINE)
    assert diagnosed.returncode == 0


@pytest.mark.parametrize("given", [{}, {"REDIS_URL": ""}], ids=["not set", "empty"])
def test_without_redis_url_it_does_the_jobs_of_a_lesson_on_the_lessons_server(start, connection, redis_url, given):
    lesson = redis_url.rpartition("/")[2]
    process = start("work", "workers.py", "--lesson", lesson, **given)
    process.wait_for(f"/{lesson}>")
    connection.lpush("luffy:queue", ECHO)
    process.wait_for("hello")


def test_a_file_may_be_named_like_a_module_that_is_imported_already(start, workers, redis_url):
    (workers.parent / "mine").mkdir()
    shutil.copy(workers, workers.parent / "mine/queue.py")
    process = start("work", "mine/queue.py", "-c", "1", REDIS_URL=redis_url)
    process.wait_for("processors take jobs from")


@pytest.mark.parametrize(("options", "hearts"), [([], 1), (["--step", "7"], 1), (["--step", "4"], 0)])
def test_the_processors_are_those_of_the_newest_step_or_of_the_one_that_is_named(work, connection, options, hearts):
    process = work("-c", "1", *options)
    connection.lpush("luffy:queue", ECHO)
    process.wait_for("[Processor 0] hello")
    assert connection.exists("luffy:queue:hearts") == hearts


def test_the_heartbeat_is_as_it_is_said(work, connection):
    work("-c", "1", "--beat-every", "7", "--gone-after", "50")
    ((_, until),) = connection.zrange("luffy:queue:hearts", 0, -1, withscores=True)
    seconds, _ = connection.time()
    assert 40 < until - seconds < 51


@pytest.mark.parametrize("seconds", ["0", "-1", "inf", "soon"])
def test_a_heartbeat_that_is_no_time_is_refused(launch, redis_url, seconds):
    done = launch("work", "workers.py", f"--gone-after={seconds}", REDIS_URL=redis_url)
    assert done.returncode == 2
    assert f"--gone-after: invalid seconds value: '{seconds}'" in done.stderr


def test_a_step_without_heartbeats_gets_none(launch, redis_url):
    done = launch("work", "workers.py", "--step=4", "--gone-after=1", REDIS_URL=redis_url)
    assert (done.returncode, done.stderr) == (1, "Step 4 has no heartbeat: that begins with step 5.\n")


def test_a_step_that_has_no_processors_for_other_processes_is_refused(start, redis_url):
    process = start("work", "workers.py", "--step", "3", REDIS_URL=redis_url)
    process.wait_for("Step 3 has no processors for other processes; these have: 4, 5, 6, 7, 8.")
    assert process.ends() == 1
