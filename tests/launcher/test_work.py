"""`python3 -m luffy_lesson work`: a process with processors, in a real process."""

import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import redis
from servers import VALKEY, server

from luffy_lesson.launcher.work import Announced
from luffy_lesson.step10_process import Process, RedisBackend

pytestmark = pytest.mark.commands

WORKERS = (Path(__file__).parents[1] / "sample_workers.py").read_text()
ECHO = '{"worker": "Echo", "args": ["hello"]}'
WAIT = '{"worker": "Wait", "args": []}'
STUBBORN = '{"worker": "Stubborn", "args": []}'
REGEX = '{"worker": "Regex", "args": []}'


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

        wait, sent = threading.Condition.wait, []

        def wait_with_a_signal(condition, timeout=None):
            main = threading.current_thread() is threading.main_thread()
            if main and callable(signal.getsignal(signal.SIGTERM)) and not sent:  # a second one would end it at once
                sent.append(signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGTERM)
            return wait(condition, timeout)

        threading.Condition.wait = wait_with_a_signal
        work("workers.py", 1, 0, False)
    """)
    process = start(run=["-c", program], REDIS_URL=redis_url)
    process.wait_for("Finishing the jobs in hand")
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


def info(redis_url):
    """What the registry tells of the one process that there is."""
    (info,) = RedisBackend(redis.Redis.from_url(redis_url)).processes()
    return info


def test_ctrl_z_quiets_and_does_not_suspend(work, connection, redis_url, eventually):
    process = work("-c", "1")
    connection.lpush("luffy:queue", WAIT)
    process.wait_for("began")
    process.process.send_signal(signal.SIGTSTP)
    process.wait_for("No more jobs are taken.")
    connection.lpush("luffy:queue", ECHO)
    connection.lpush("luffy:test:go", "now")
    process.wait_for("finished")
    eventually(lambda: (info(redis_url).quiet, info(redis_url).busy) == (True, []))
    assert info(redis_url).pid == process.pid
    assert process.goes_on()
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=10) == 0
    assert connection.lrange("luffy:queue", 0, -1) == [ECHO]
    assert connection.exists("luffy:queue:processes") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_at_the_deadline_what_is_not_done_goes_back_to_be_taken_next(work, connection, number):
    process = work("-c", "1", "--deadline", "1")
    connection.lpush("luffy:queue", STUBBORN)
    process.wait_for("began")
    process.process.send_signal(number)
    process.wait_for("Finishing the jobs in hand")
    connection.lpush("luffy:queue", ECHO)
    begin = time.monotonic()
    assert process.ends(timeout=10) == 0
    assert 0.8 < time.monotonic() - begin < 4
    assert process.lines[-1] == "Jobs in hand were not finished in 1 s: they are taken next."
    assert connection.lrange("luffy:queue", 0, -1) == [ECHO, STUBBORN]
    assert connection.keys("luffy:queue:in_flight:*") == []
    assert connection.exists("luffy:queue:processes") == 0


def test_a_step_that_cannot_give_back_ends_at_the_deadline_too(work, connection):
    process = work("-c", "1", "--deadline", "0.5", "--step", "7")
    connection.lpush("luffy:queue", STUBBORN)
    process.wait_for("began")
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=10) == 0
    assert process.lines[-1] == "Jobs in hand were not finished in 0.5 s."


@pytest.mark.parametrize("gone", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "frozen"])
@pytest.mark.parametrize(("job", "codes"), [(None, {0, 1}), (STUBBORN, {1})], ids=["idle", "at work"])
def test_it_ends_at_the_deadline_while_the_server_is_away(start, gone, job, codes):
    with server(VALKEY) as port:
        process = start("work", "workers.py", "-c2", "--deadline=3", REDIS_URL=f"redis://127.0.0.1:{port}/0")
        process.wait_for("processors take jobs from")
        with redis.Redis(port=port) as admin:
            number = admin.info("server")["process_id"]
            if job:
                admin.lpush("luffy:queue", job)
                process.wait_for("began")
        os.kill(number, gone)
        process.process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        assert process.ends(timeout=20) in codes
        assert time.monotonic() - begin < 9  # seconds: the deadline, and three
        # By itself: the watch dumps the stacks of threads that may run meanwhile, and may crash over that.
        assert not any("Timeout (" in line for line in process.lines), process.lines


@pytest.mark.parametrize("signals", [1, 2])
def test_a_job_that_keeps_pythons_lock_does_not_keep_the_process(work, connection, signals):
    process = work("-c", "1", "--deadline", "0.5" if signals == 1 else "25")
    connection.lpush("luffy:queue", REGEX)
    process.wait_for("began")
    for _ in range(signals):
        process.process.send_signal(signal.SIGTERM)
        process.goes_on(0.2)  # two that come together are one
    # By the guard; or it has just heard of the first signal, and the second, or the watch that it has set, ends it.
    assert process.ends(timeout=10) in (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM, 1)


@pytest.mark.parametrize("closed", [(0,), (0, 1, 2)], ids=["stdin", "all"])
def test_it_works_where_the_shell_has_closed_the_streams(start, redis_url, connection, eventually, closed):
    process = start("work", "workers.py", "-c1", preexec=lambda: [*map(os.close, closed)], REDIS_URL=redis_url)
    eventually(RedisBackend(redis.Redis.from_url(redis_url)).processes)
    connection.lpush("luffy:queue", ECHO)
    eventually(lambda: connection.llen("luffy:queue") == 0)
    process.process.send_signal(signal.SIGTERM)
    assert process.ends(timeout=10) == 0
    assert connection.keys("luffy:*") == []


def test_nothing_is_left_of_a_process_that_was_killed(work, eventually):
    process = work()
    (guard,) = psutil.Process(process.pid).children()
    process.process.kill()
    eventually(lambda: not guard.is_running())


def test_a_signal_that_comes_while_the_workers_are_imported_is_kept(start, workers, connection, redis_url):
    workers.write_text(WORKERS + f"say('importing')\nopen({str(workers.with_name('pipe'))!r}).read()\n")
    os.mkfifo(workers.with_name("pipe"))
    connection.lpush("luffy:queue", ECHO)
    process = start("work", "workers.py", REDIS_URL=redis_url)
    process.wait_for("importing")
    process.process.send_signal(signal.SIGTSTP)
    process.process.send_signal(signal.SIGTERM)
    workers.with_name("pipe").write_text("go on")
    assert process.ends(timeout=20) == 0


def test_told_to_stop_through_the_registry_it_ends(work, redis_url, eventually):
    process = work("--beat-every", "0.1")
    backend = RedisBackend(redis.Redis.from_url(redis_url))
    eventually(backend.processes)
    backend.tell(info(redis_url).id, "quiet")
    process.wait_for("No more jobs are taken.")
    backend.tell(info(redis_url).id, "stop")
    assert process.ends(timeout=10) == 0
    assert backend.processes() == []


def test_a_signal_to_a_forked_child_does_not_stop_its_parent(work, connection):
    process = work("-c", "1")
    connection.lpush("luffy:queue", '{"worker": "Forks", "args": []}', ECHO)
    process.wait_for("the child died of 15")
    process.wait_for("hello")
    assert process.goes_on()


FIRST = [*["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"], sys.executable]
can_be_first = shutil.which("unshare") and not subprocess.run([*FIRST, "-c", ""], capture_output=True).returncode


@pytest.mark.skipif(not can_be_first, reason="this machine makes no namespaces of process ids")
@pytest.mark.parametrize(("job", "lines"), [(STUBBORN, [STUBBORN]), (REGEX, [])], ids=["at work", "in C"])
def test_the_first_process_of_a_namespace_ends_at_the_deadline_and_reaps(start, connection, redis_url, job, lines):
    program = textwrap.dedent("""
        import os, sys
        assert os.getpid() == 1
        from luffy_lesson.launcher.commands import main
        sys.exit(main(sys.argv[1:]))
    """)
    process = start(
        "work", "workers.py", "-c1", "--deadline=0.5", python=FIRST[0], run=[*FIRST[1:], "-c", program],
        REDIS_URL=redis_url, PATH=os.environ["PATH"],
    )  # fmt: skip
    process.wait_for("processors take jobs from")
    connection.lpush("luffy:queue", job)
    process.wait_for("began")
    (first,) = psutil.Process(process.pid).children()
    first.send_signal(signal.SIGTERM)
    assert process.ends(timeout=15) == (0 if lines else 1)
    assert connection.lrange("luffy:queue", 0, -1) == lines


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-q", "a b"], "'a b' is no name of a queue: it has 1 to 64 letters, digits, _ and -"),
        (["-q", ""], "'' is no name of a queue"),
        (["-q", "luffy:queue"], "'luffy:queue' is no name of a queue"),
        (["-q", "high=0"], "'0' is no weight, which is a number greater than 0."),
        (["-q", "high="], "'' is no weight"),
        (["-q", "high=x"], "'x' is no weight"),
        (["-q", "high=nan"], "'nan' is no weight"),
        (["-q", "high", "-q", "high=2"], "the queue high is named twice."),
        (["--processes", "0"], "argument --processes: invalid positive value: '0'"),
        (["--deadline", "-1"], "argument --deadline: invalid seconds value: '-1'"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_done(launch, options, says):
    done = launch("work", "workers.py", *options)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    ("options", "queues"),
    [
        (["-q", "high=3", "-q", "low"], {"high": 3.0, "low": 1.0}),
        (["-q", "high", "--queue=low"], {"high": None, "low": None}),
        ([], {"default": None}),
    ],
)
def test_it_takes_from_the_queues_that_are_named(work, redis_url, eventually, options, queues):
    work("-c3", *options)
    eventually(RedisBackend(redis.Redis.from_url(redis_url)).processes)
    assert info(redis_url).queues == queues
    assert list(info(redis_url).queues) == list(queues)
    assert info(redis_url).concurrency == 3


def test_a_step_with_one_queue_gets_no_others(launch, redis_url):
    done = launch("work", "workers.py", "--step=8", "-q", "high", REDIS_URL=redis_url)
    assert (done.returncode, done.stderr) == (1, "Step 8 has one queue only: several begin with step 9.\n")


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
        told = r"^✓ a Redis server: your own, .*, valkey 9[.0-9]+; this user may not ask .*`maxmemory-policy`\)\n[✓✗]"
        assert re.search(told, diagnosed.stdout, re.MULTILINE)
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
    process.wait_for("Step 3 has no processors for other processes; these have: 4, 5, 6, 7, 8, 9, 10, 11.")
    assert process.ends() == 1


@pytest.mark.parametrize("says", ["quiet", "stop"])
def test_what_the_process_says_is_one_write_that_no_line_of_a_job_can_come_into(says, monkeypatch):
    written = []
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=written.append, flush=lambda: None))
    with monkeypatch.context() as patch:
        patch.setattr(Process, "quiet", lambda self: None)
        patch.setattr(Process, "stop", lambda self, why: 0)
        process = Announced.__new__(Announced)
        process.pool = SimpleNamespace(processors=[SimpleNamespace(stopping=threading.Event())])
        process.pool.processors[0].stopping.set()
        process.quiet() if says == "quiet" else process.stop(signal.SIGTERM)
    (line,) = filter(None, written)
    assert line.endswith(".\n")
