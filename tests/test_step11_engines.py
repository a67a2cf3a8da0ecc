"""What holds for every engine, on one of the tests' own: its program is a few lines of Python, and needs no library."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
import redis

from luffy_lesson import redis_client, step3_memory_queue, step10_process, step11_engines
from luffy_lesson.classroom import lesson
from luffy_lesson.classroom.watch import pools
from luffy_lesson.step11_engines import Job, Luffy, Processor, Worker, engine
from luffy_lesson.step11_engines.engine import EngineBackend

BEGIN = "import os, signal, subprocess, sys, time\n"


class Toy(EngineBackend):
    """An engine that forgets all jobs. Its program does what it is told."""

    engine = "Toy"
    away = (OSError,)
    ready = "is ready"
    longest = 100
    program = "print('Toy is ready', flush=True); time.sleep(60)"

    def __init__(self, url="redis://:secret@localhost:1/0", **settings):
        super().__init__(url, **settings)
        self.sent = []

    def send(self, job, due):
        self.sent.append((job, due))

    def command(self, count):
        return [sys.executable, "-c", BEGIN + textwrap.dedent(self.program), str(count)]


@pytest.fixture
def far(registry):
    """A worker that is defined in a file."""

    class Far(Worker):
        def perform(self, *args):
            pass

    return Far


@pytest.fixture
def toy(far):
    Luffy.backend = Toy()
    return Luffy.backend


@pytest.fixture
def start(toy):
    def start(program=Toy.program, count=1):
        toy.program = program
        return Processor.start(count)

    yield start
    if Processor.pool:
        Processor.pool.program.kill()


def processes(pool):
    """All processes of the program of a pool."""
    return of_session(pool.program.process.pid)


def of_session(number):
    """All processes of a session that are more than the memory of one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(process.pid) == number and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


# The package


def test_to_import_the_step_imports_no_engine(environment):
    program = "import luffy_lesson.step11_engines, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    assert {"celery", "dramatiq", "rq", "huey"} & {*done.stdout.split()} == set()


def test_what_was_below_is_here_too():
    assert [
        name for name in step10_process.__all__ if getattr(step11_engines, name) is not vars(step10_process)[name]
    ] == []
    assert {*step11_engines.ENGINES, "SidekiqBackend", *step10_process.__all__} == {*step11_engines.__all__}


@pytest.mark.parametrize("name", step11_engines.ENGINES)
def test_without_its_library_an_engine_says_what_to_install(name, environment):
    file, needs = step11_engines.ENGINES[name]
    program = f"""if True:
        import sys
        sys.modules[{file!r}] = None
        from luffy_lesson.step11_engines import {name}
    """
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"ImportError: {name} needs {file}, which is not installed here. `pip install ")
    assert f'"{needs}"' in said
    assert '"luffy_lesson[engines]"' in said
    assert f'`uvx --with "{needs}"`' in said  # pip cannot reach what uvx has made


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'KafkaBackend'"):
        step11_engines.KafkaBackend  # noqa: B018


# How jobs come to an engine


def test_jobs_go_to_the_engine(toy, far):
    assert far.perform_queue(1, "two") is toy
    far.perform_bulk([[3], [4]])
    far.perform_in(5, "later")
    assert toy.sent[:3] == [(Job(far, args), None) for args in [(1, "two"), (3,), (4,)]]
    job, due = toy.sent[3]
    assert job == Job(far, ("later",))
    assert 0 <= time.time() + 5 - due < 2


def test_a_payload_of_the_steps_can_be_put_as_well(toy, far):
    toy.put(step11_engines.Message(b'{"worker": "Far", "args": [1]}'))
    assert toy.sent == [(Job(far, (1,)), None)]


DEEP = json.loads("[" * 63 + "]" * 63)  # in the list of arguments of a job, one level too many


@pytest.mark.parametrize("args", [[b"1"], [(1, 2)], [{1: 2}], [float("nan")], [1, {1}], [DEEP]], ids=repr)
def test_one_rule_for_arguments(toy, far, args):
    with pytest.raises(TypeError, match="Far: use only arguments that JSON has"):
        far.perform_queue(*args)
    with pytest.raises(TypeError, match="Far: use only arguments that JSON has"):
        far.perform_bulk([[1], args])
    assert toy.sent == []


@pytest.mark.parametrize(("term", "value"), [("queue", "mail"), ("expires_in", 60), ("unique_for", 60)])
def test_what_an_engine_does_not_heed_is_refused(toy, registry, term, value):
    special = type("Special", (Worker,), {term: value, "__module__": "somewhere"})
    with pytest.raises(TypeError, match=rf"Special\.{term} is {value!r}, which a Toy does not heed: leave it out\."):
        special.perform_queue()


def test_a_worker_of_a_notebook_is_refused(toy, registry):
    here = type("Here", (Worker,), {"__module__": "__main__"})
    with pytest.raises(TypeError, match=r"Here is defined here, and another program performs it: put it in a .py file"):
        here.perform_queue()
    registry.pop("Far")
    with pytest.raises(RuntimeError, match=r"There is no worker in a \.py file"):
        Processor.start(1)


def test_what_is_due_too_late_is_refused(toy, far):
    with pytest.raises(ValueError, match=r"<Toy redis://localhost:1/0> keeps no job for longer than 100 seconds\."):
        far.perform_in(200)
    assert toy.sent == []


def test_a_server_that_is_away_is_told_in_a_sentence(toy, far, monkeypatch):
    def refuse(job, due):
        raise OSError("refused")

    monkeypatch.setattr(toy, "send", refuse)
    with pytest.raises(ConnectionError, match=r"<Toy redis://localhost:1/0> does not answer: refused"):
        far.perform_queue()


def test_what_an_engine_has_not_it_says(toy):
    for method, says in [
        (toy.get, r"Toy's own program takes the jobs: `Processor\.start\(5\)` starts it"),
        (toy.task_done, "Toy's own program says itself when a job is finished"),
        (toy.qsize, "Toy does not count the jobs that wait"),
        (toy.join, "Toy does not know when all jobs are finished"),
    ]:
        with pytest.raises(NotImplementedError, match=says):
            method()


@pytest.mark.parametrize(
    "url",
    [
        "http://:secret@localhost",
        "redis://:secret@",
        "redis://:secret@localhost:port",
        "redis://user:12/secret@localhost",
        "redis://user:se#cret@localhost",
        "redis://user:1?secret@localhost",
        "redis://:secret@localhost/jobs",
        "redis://:secret@localhost/1/2",
        "redis://:secret@localhost?hidden=1",
        "secret",
    ],
)
def test_what_is_no_address_is_refused_and_not_told(url):
    with pytest.raises(ValueError, match=r"This is no address\. It looks like redis") as raised:
        Toy(url)
    assert "secret" not in "".join(map(str, [raised.value, raised.value.__cause__, raised.value.__context__]))


def test_a_password_is_in_no_repr_and_no_argument(toy):
    assert repr(toy) == "<Toy redis://localhost:1/0>"
    assert repr(Toy("redis://user@localhost/3?password=secret")) == "<Toy redis://localhost/3>"
    assert "secret" not in " ".join(toy.command(1))
    assert "secret" in toy.environment()[engine.VARIABLE]


# How an engine's program performs them


def test_only_registered_workers_are_performed(toy, far, monkeypatch, done):
    monkeypatch.setattr(far, "perform", lambda self, *args: done.append(args))
    toy.perform("Far", [1])
    for name in ("Other", "os.getcwd", "Worker", "", None):
        with pytest.raises((LookupError, ValueError)):
            toy.perform(name, [])
    assert done == [(1,)]


def test_middleware_goes_around_it(toy, far, monkeypatch, done):
    monkeypatch.setattr(step11_engines, "middleware", step10_process.middleware)
    monkeypatch.setattr(step10_process, "middleware", [lambda job, perform: done.append((job.id, job.args))])
    toy.perform("Far", [1], "an id")
    assert done == [("an id", (1,))]


def test_a_time_limit_is_kept(toy, far, monkeypatch):
    def perform(self):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            time.sleep(0.01)

    monkeypatch.setattr(far, "perform", perform)
    monkeypatch.setattr(step10_process, "middleware", [step10_process.time_limit(0.1)])
    monkeypatch.setattr(engine, "middleware", step10_process.middleware)
    with pytest.raises(RuntimeError, match=r"Far raised TimeLimitExceeded\('Far took longer than 0\.1 s'\)"):
        toy.perform("Far", [])
    assert [thread.name for thread in threading.enumerate() if "enforce" in thread.name] == []


@pytest.mark.parametrize("error", engine.NOT_CAUGHT)
def test_what_would_end_the_engines_process_becomes_an_error(toy, far, monkeypatch, error):
    def perform(self):
        raise error("now")

    monkeypatch.setattr(far, "perform", perform)
    with pytest.raises(RuntimeError, match=rf"Far raised {error.__name__}\('now'\)"):
        toy.perform("Far", [])


BEGUN = "luffy:toy:begun:an id"


def test_a_job_in_hand_counts_as_a_crash_until_it_has_ended(toy, far, monkeypatch, raw, done):
    def perform(self):
        done.append((int(raw.get(BEGUN)), raw.ttl(BEGUN) > 24 * 3600))
        if len(done) == 2:
            raise SystemExit

    monkeypatch.setattr(far, "perform", perform)
    toy.crashes = raw
    toy.perform("Far", [], "an id")
    raw.set(BEGUN, 2)  # so many have died with it in hand
    with pytest.raises(RuntimeError, match="SystemExit"):
        toy.perform("Far", [], "an id")
    assert done == [(1, True), (3, True)]
    assert raw.keys() == []


def test_a_job_with_which_three_processes_have_died_is_given_up_until_it_is_sent_back(toy, far, raw, monkeypatch, done):
    monkeypatch.setattr(far, "perform", lambda self: done.append(1))
    toy.crashes = raw
    raw.set(BEGUN, 3)
    with pytest.raises(engine.Poison, match=r"Far: 3 processes have died with this job in hand\. It is given up\."):
        toy.perform("Far", [], "an id")
    assert done == []
    toy.perform("Far", [], "an id")
    assert done == [1]


def test_a_server_that_is_away_counts_nothing_and_costs_no_job(toy, far, monkeypatch, done):
    monkeypatch.setattr(far, "perform", lambda self: done.append(1))
    toy.crashes = redis_client.connect(redis.Redis(port=1))
    toy.perform("Far", [], "an id")
    assert done == [1]


def test_a_backoff_is_a_number_of_seconds_and_no_longer_than_the_engine_waits(toy, far, monkeypatch):
    monkeypatch.setattr(far, "backoff", staticmethod(lambda tries: 3 * tries))
    assert toy.backoff("Far", 4) == 12
    assert toy.backoff("Far", 400) == 100
    for seconds in (-1.0, float("nan"), float("inf")):
        monkeypatch.setattr(far, "backoff", staticmethod(lambda tries, seconds=seconds: seconds))
        with pytest.raises(ValueError, match=rf"Far\.backoff\(1\) is {seconds}, and not a number of seconds"):
            toy.backoff("Far", 1)


def test_a_worker_of_an_earlier_step_is_tried_as_often_as_by_default(toy, registry):
    registry["Early"] = type("Early", (step11_engines.Worker.__mro__[4],), {})
    assert toy.worker("Early").retries == 25


# How that is started


LINES = r"""if True:
    print("first")
    print("Toy is ready", flush=True)
    os.write(1, b"This task ")
    time.sleep(0.1)
    os.write(1, "loading 5 seconds\nfünf ".encode())
    os.write(2, b"\xff no end")
    while not os.path.exists("{}"):
        time.sleep(0.02)
"""


def test_its_lines_are_shown_whole_once_it_is_ready(start, capfd, eventually, tmp_path):
    said = []

    def shown():
        said.append(capfd.readouterr().out)
        return "".join(said)

    pool = start(LINES.format(tmp_path / "done"))
    eventually(lambda: shown() == "This task loading 5 seconds\n")
    (tmp_path / "done").touch()
    eventually(lambda: shown() == "This task loading 5 seconds\nfünf \ufffd no end\n")
    pool.stop(timeout=10)


def test_it_is_told_how_many(start, capfd, eventually):
    start("print('Toy is ready with', sys.argv[1], flush=True); print(sys.argv[1], flush=True); time.sleep(60)", 3)
    eventually(lambda: capfd.readouterr().out == "3\n")


def test_a_program_that_does_not_get_ready_says_why(start):
    with pytest.raises(RuntimeError, match=r"The program of Toy did not get ready\. It said:\nno such module"):
        start("sys.exit('no such module')")


def test_nor_does_one_wait_for_ever_for_it(start, monkeypatch, toy):
    monkeypatch.setattr(toy.Pool, "ready_within", 0.3)
    with pytest.raises(RuntimeError, match="The program of Toy did not get ready"):
        start("print('hanging', flush=True); time.sleep(60)")
    pool = Processor.pool
    pool.program.thread.join(10)
    assert processes(pool) == []


@pytest.mark.parametrize("count", [0, -1, 1.5, None])
def test_a_pool_has_at_least_one(start, count):
    with pytest.raises(ValueError, match="A pool needs at least one processor"):
        start(count=count)


STUBBORN = """if True:
    signal.signal(signal.SIGTERM, lambda *_: None)
    subprocess.Popen([sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(20)"])
    print("Toy is ready", flush=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not os.path.exists("{}"):
        time.sleep(0.02)
"""


def test_stop_waits_for_the_jobs_in_hand(start, tmp_path):
    pool = start(STUBBORN.format(tmp_path / "done"))
    assert len(processes(pool)) == 3
    with pytest.raises(TimeoutError, match=r"Still at work after 0\.2 s: Toy"):
        pool.stop(timeout=0.2)
    (tmp_path / "done").touch()
    pool.stop(timeout=10)
    pool.stop(timeout=10)
    assert processes(pool) == []


@pytest.mark.parametrize("kill", [lambda pool: pool.kill(), lambda pool: lesson.clear()], ids=["kill", "lesson.clear"])
def test_a_program_that_does_not_stop_is_killed(start, tmp_path, monkeypatch, kill):
    pool = start(STUBBORN.format(tmp_path / "never"))
    monkeypatch.setattr(pools, "started", [pool])
    kill(pool)
    pool.stop(timeout=10)
    assert processes(pool) == []


def test_who_has_killed_a_program_finds_no_process_of_it(start, tmp_path):
    pool = start(STUBBORN.format(tmp_path / "never"))
    pool.kill()
    assert processes(pool) == []


def test_a_second_start_replaces_the_first(start):
    first = start()
    second = start()
    assert not first.program.thread.is_alive()
    assert processes(first) == []
    assert len(processes(second)) == 2


def test_a_program_that_dies_is_begun_again(start, caplog, eventually):
    pool = start()
    child = next(one for one in processes(pool) if one.pid != pool.program.process.pid)
    before = pool.program.process
    child.kill()
    eventually(lambda: pool.program.process is not before and len(processes(pool)) == 2)
    assert "Toy has ended (exit code 137): begun again in a second" in caplog.text
    pool.stop(timeout=10)


OWNER = """
import sys, time
sys.path.insert(0, {folder!r})
import test_step11_engines as tests

class Far(tests.Worker): __module__ = "time"
tests.Luffy.backend = toy = tests.Toy()
toy.program = {program!r}
print(tests.Processor.start(1).program.process.pid, flush=True)
{then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", "pass"], ids=["killed", "ended"])
def test_no_process_outlives_the_one_that_started_it(environment, eventually, tmp_path, then):
    program = STUBBORN.format(tmp_path / "done")
    code = OWNER.format(folder=os.path.dirname(__file__), program=program, then=then)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as owner:
        session_id = int(owner.stdout.readline())
        alive = of_session(session_id)
        if then == "pass":
            (tmp_path / "done").touch()
        else:
            assert len(alive) == 3
            owner.send_signal(signal.SIGKILL)
    assert psutil.wait_procs(alive, timeout=10)[1] == []


def test_step_3_still_has_pools_of_its_own(far):
    Luffy.backend = queue.Queue()
    assert type(step3_memory_queue.Processor.start(2)) is step3_memory_queue.Pool
