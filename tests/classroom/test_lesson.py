"""A lesson begins with nothing running and nothing waiting; other processes really run, and really end."""

import contextlib
import importlib.metadata
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis
import servers
from packaging.requirements import Requirement
from real_kernel import Kernel

import luffy_lesson
from luffy_lesson import step4_redis_queue, step7_retries, step10_process
from luffy_lesson.classroom import Website, WorkerProcess, check_environment, lesson, stopwatch
from luffy_lesson.host.environment import learners
from luffy_lesson.host.redis_server import RedisServer, free_port
from luffy_lesson.step3_memory_queue import Luffy, Pool, Processor, Worker

PACKAGE = Path(luffy_lesson.__file__).parent
FRESH = "Lesson {}: nothing runs, nothing waits.\n"


# lesson.fresh()


def test_fresh_can_be_called_again_and_remembers_its_number(capsys):
    lesson.fresh(2)
    lesson.fresh()
    assert capsys.readouterr().out == FRESH.format(2) * 2


def test_fresh_stops_all_pools_also_those_that_the_learner_owns():
    Luffy.backend = queue.Queue()
    pools = [Processor.start(2), Pool(Processor, 3, queue.Queue()).start()]
    lesson.fresh(3)
    assert [p.thread.is_alive() for pool in pools for p in pool.processors] == [False] * 5


def test_fresh_says_who_is_still_at_work_and_goes_on(capsys, monkeypatch):
    class Slow(Worker):
        go, began = threading.Event(), threading.Event()

        def perform(self):
            self.began.set()
            self.go.wait(30)

    stop = Pool.stop
    monkeypatch.setattr(Pool, "stop", lambda pool, timeout=None: stop(pool, min(timeout, 0.05)))
    Luffy.backend = queue.Queue()
    Processor.start(1)
    Slow.perform_queue()
    assert Slow.began.wait(10)
    lesson.fresh(3)
    monkeypatch.undo()
    Slow.go.set()
    Processor.pool.stop(timeout=10)
    said = capsys.readouterr().out
    assert said.startswith("Still at work after 0.05 s: Processor 0\n")
    assert said.endswith(
        "Lesson 3: nothing waits. Still at work, and nobody can stop them from outside: Processor 0.\n"
    )


def test_fresh_names_the_threads_that_it_cannot_stop(capsys, gate):
    class Slow(Worker):
        def perform(self):
            gate.wait(30)

    threads = [Slow.perform_async(), threading.Thread(target=gate.wait, args=[30], name="of the learner's own")]
    threads[1].start()
    lesson.fresh(3)
    gate.set()
    for thread in threads:
        thread.join()
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("Lesson 3: nothing waits. Still at work, and nobody can stop them from outside: Thread-")
    assert said.endswith(" (perform_now), of the learner's own.")


def test_fresh_names_the_learners_own_processor_in_a_daemon_and_no_thread_of_jupyter():
    kernel = Kernel()
    try:
        kernel.run("""
            import threading, time
            from luffy_lesson.classroom import lesson
            def processor(jobs):
                while jobs:
                    jobs.pop(0)
                    time.sleep(0.1)
            jobs = [1] * 300
            thread = threading.Thread(target=processor, args=[jobs], name="of the learner's own", daemon=True)
            thread.start()
        """)
        cell = kernel.run("lesson.fresh(3)")
        assert kernel.out[cell] == (
            "Lesson 3: nothing waits. Still at work, and nobody can stop them from outside: of the learner's own.\n"
        )
        kernel.run("jobs.clear()\nthread.join()")
        cell = kernel.run("lesson.fresh()")
        assert kernel.out[cell] == FRESH.format(3)
    finally:
        kernel.close()


def test_fresh_in_a_second_kernel_says_that_the_first_one_has_the_same_queue(databases, capsys):
    kernel = Kernel()
    try:
        first = kernel.run("from luffy_lesson.classroom import lesson\nlesson.fresh(4)")
        again = kernel.run("lesson.fresh()")
        assert kernel.out == dict.fromkeys([first, again], FRESH.format(4))
        lesson.fresh(5)
        assert capsys.readouterr().out == FRESH.format(5)
        lesson.fresh(4)
        said, last = capsys.readouterr().out.splitlines(keepends=True)
        assert said.startswith(
            "Another kernel has this lesson open. Its queue is the same one, and was emptied as well"
        )
        assert last == FRESH.format(4)
    finally:
        kernel.close()


def test_clear_stops_what_runs_throws_away_what_waits_and_keeps_the_backend(databases, registry, file, capsys):
    lesson.fresh(4)
    note = type("Note", (step7_retries.Worker,), {"__module__": "__main__"})
    backend = Luffy.backend = step7_retries.RedisBackend()
    process, pool = WorkerProcess(file, 1), step7_retries.Processor.start(1)
    note.perform_in(60)
    databases[0].mset({"luffy:letterbox": "", "other": ""})
    capsys.readouterr()
    lesson.clear()
    assert (process.exit_code, pool.threads[0].is_alive()) == (-signal.SIGKILL, False)
    assert (databases[0].keys(), Luffy.backend, dict(registry)) == (["other"], backend, {"Note": note})
    assert capsys.readouterr().out == ""


def test_clear_empties_a_queue_in_memory():
    lesson.fresh(3)
    Luffy.backend = queue.Queue()
    Worker.perform_queue(1)
    Worker.perform_queue(2)
    lesson.clear()
    assert Luffy.backend.qsize() == Luffy.backend.unfinished_tasks == 0


WATCHED = "print(hasattr(Worker.perform_now, '__wrapped__'), not logging.getLogger('luffy_lesson').propagate)"


def test_the_import_of_the_classroom_changes_nothing_and_fresh_begins_to_watch():
    kernel = Kernel()
    try:
        kernel.run("""
            import logging, signal, sys, threading
            from luffy_lesson.step1_sync import Worker
            def state():
                hooks = sys.excepthook, threading.excepthook, signal.getsignal(signal.SIGINT)
                return *hooks, get_ipython().events.callbacks["post_run_cell"][:], vars(Worker).copy()
            before = state()
            from luffy_lesson.classroom import lesson, watch
            assert state() == before
        """)
        cell = kernel.run(WATCHED)
        assert kernel.out[cell] == "False False\n"
        kernel.wait(kernel.begin("watch()"), error="RuntimeError")
        kernel.run("lesson.fresh(1)")
        cell = kernel.run(WATCHED)
        assert kernel.out[cell] == "True True\n"
    finally:
        kernel.close()


def test_outside_a_notebook_fresh_watches_nothing_and_a_board_says_why(environment):
    program = (
        "import logging; from luffy_lesson.classroom import lesson, watch; lesson.fresh(1);"
        f"from luffy_lesson.step1_sync import Worker; {WATCHED}; watch()"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines()[1:] == ["False False"]
    assert done.stderr.splitlines()[-1].startswith("RuntimeError: Nobody watches yet. In a notebook, `lesson.fresh(")


def test_fresh_forgets_the_backend():
    Luffy.backend = queue.Queue()
    lesson.fresh(3)
    assert Luffy.backend is None


def test_fresh_forgets_the_middleware():
    step10_process.middleware.append(step10_process.logged)
    lesson.fresh(3)
    assert step10_process.middleware == []


def test_fresh_closes_the_website():
    site = Website()
    lesson.fresh(2)
    assert Website.open is None
    with pytest.raises(OSError, match=r"."):
        site.visit()


def test_fresh_ends_worker_processes(databases, file):
    lesson.fresh(4)
    process = WorkerProcess(file, 1)
    lesson.fresh()
    assert not WorkerProcess.running
    assert process.exit_code == -signal.SIGKILL


def test_fresh_deletes_the_keys_of_its_own_lesson_only(databases):
    own, other = databases
    for connection in databases:
        connection.mset({"luffy:queue": "", "luffy:x": "", "other": "", "xluffy:": "", "luffy": ""})
    lesson.fresh(4)
    assert sorted(own.keys()) == ["luffy", "other", "xluffy:"]
    assert len(other.keys()) == 5


def test_fresh_stops_a_pool_with_its_keepers_and_deletes_what_is_in_flight_scheduled_retrying_and_dead(
    databases, registry, caplog, eventually, capsys
):
    lesson.fresh(4)
    backend = Luffy.backend = step7_retries.RedisBackend()
    worker = type("Fails", (step7_retries.Worker,), {"__module__": "theirs"})  # it has no `perform`
    doomed = type("Doomed", (step7_retries.Worker,), {"retries": 0, "__module__": "theirs"})
    pool = step7_retries.Processor.start(2)
    worker.perform_queue(1)
    doomed.perform_queue(1)
    worker.perform_in(60, 1)
    step7_retries.RedisBackend().put(step7_retries.Message(b"x"))
    other = step7_retries.RedisBackend()
    eventually(lambda: {"retrying": 1, "scheduled": 1, "in flight": 0}.items() <= backend.sizes().items())
    pool.stop(timeout=10)
    other.put(step7_retries.Message(b"y"))
    other.get(timeout=1)
    step7_retries.Processor.start(2)
    eventually(lambda: backend.sizes() | {"dead": 0} == backend.sizes() | {"in flight": 1, "dead": 0})
    assert len(databases[0].keys("luffy:*")) >= 5
    start = time.monotonic()
    lesson.fresh()
    assert time.monotonic() - start < 4  # no keeper is waited for until its next beat
    assert not [thread.name for thread in threading.enumerate() if thread.name in ("Keeper", "Poller")]
    assert databases[0].keys("luffy:*") == []
    assert capsys.readouterr().out.endswith(FRESH.format(4))


def test_fresh_deletes_thousands_of_keys(databases):
    databases[0].mset({f"luffy:{number}": "" for number in range(2500)})
    lesson.fresh(4)
    assert databases[0].dbsize() == 0


def test_fresh_points_redis_url_to_the_lessons_database(databases):
    os.environ["REDIS_URL"] = ""  # as good as none
    lesson.fresh(4)
    assert os.environ.get("REDIS_URL") == f"{RedisServer().url}/4"
    lesson.fresh(5)
    assert os.environ.get("REDIS_URL") == f"{RedisServer().url}/5"


def test_fresh_forgets_the_workers_of_the_cells_and_keeps_those_of_files(databases, registry):
    for name, module in {"Ours": "__main__", "Theirs": "workers"}.items():
        type(name, (step4_redis_queue.Worker,), {"__module__": module})
    lesson.fresh(4)
    assert list(registry) == ["Theirs"]


def test_a_lesson_without_redis_starts_no_server(tmp_path, monkeypatch):
    monkeypatch.setenv("LUFFY_HOME", str(tmp_path))
    lesson.fresh(3)
    assert list(tmp_path.iterdir()) == []
    assert os.environ.get("REDIS_URL") is None


@pytest.mark.parametrize("how", ["a file in its place", "a link to itself"])
def test_a_home_that_cannot_be_used_is_said_in_a_sentence_and_the_first_lessons_go_on(tmp_path, how):
    home = tmp_path / "home"
    if how == "a link to itself":
        (place := home).symlink_to(home)
    else:
        home.mkdir()
        (place := home / "redis").touch()
    kernel = Kernel(LUFFY_HOME=str(home))
    try:
        first = kernel.run("from luffy_lesson.classroom import check, check_environment, lesson\nlesson.fresh(3)")
        assert kernel.out[first] == "Lesson 3: nothing runs, nothing waits.\n"
        assert f"✗ a Redis server: {place}" in kernel.out[kernel.run("check_environment()")]
        kernel.wait(kernel.begin("lesson.fresh(4)"), "HomeError")
        (error,) = [message["content"] for message in kernel.messages if message["msg_type"] == "error"]
        assert error["traceback"] == [error["evalue"]]
        assert error["evalue"].startswith(str(place))
        kernel.run("lesson.fresh(3)")
    finally:
        kernel.close()


def test_fresh_uses_a_server_that_is_the_users_own_and_says_so(server, databases, monkeypatch, capsys):
    url = f"{server.start()}/7"
    monkeypatch.setenv("REDIS_URL", url)
    databases[0].set("luffy:queue", "")
    with redis.Redis.from_url(url, decode_responses=True) as theirs:
        theirs.mset({"luffy:queue": "", "other": ""})
        lesson.fresh(4)
        assert theirs.keys() == ["other"]
    assert os.environ.get("REDIS_URL") == url
    assert databases[0].exists("luffy:queue")
    assert "You use your own Redis server" in capsys.readouterr().out


@pytest.mark.parametrize(("policy", "warned"), [("allkeys-lru", True), ("noeviction", False)])
def test_fresh_warns_of_a_server_that_deletes_jobs_when_it_is_full(monkeypatch, capsys, policy, warned):
    with servers.server(servers.VALKEY, "maxmemory 100mb", f"maxmemory-policy {policy}") as port:
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}")
        lesson.fresh(4)
    assert ("the whole queue may vanish" in capsys.readouterr().out) == warned


@pytest.mark.parametrize(
    ("rule", "refused"), [("", None), ("-brpop", "The user luffy may not .*brpop.*ACL SETUSER luffy")]
)
def test_fresh_works_for_the_usual_user_of_an_application_and_tells_what_another_lacks(monkeypatch, rule, refused):
    with servers.server(servers.VALKEY, f"user luffy on >secret ~luffy:* +@all -@dangerous {rule}") as port:
        monkeypatch.setenv("REDIS_URL", f"redis://luffy:secret@127.0.0.1:{port}")
        with pytest.raises(redis.RedisError, match=refused) if refused else contextlib.nullcontext():
            lesson.fresh(4)


def test_fresh_names_to_a_user_also_the_rights_that_deleting_needs_and_they_are_enough(monkeypatch):
    needs = "~luffy:* +select +multi +exec +lpush +llen +brpop +rpop"
    with servers.server(servers.VALKEY, f"user luffy on >secret {needs}") as port:
        monkeypatch.setenv("REDIS_URL", f"redis://luffy:secret@127.0.0.1:{port}/8")
        with pytest.raises(redis.RedisError, match=r"^127.*The user luffy may not .*scan.*ACL SETUSER luffy") as raised:
            lesson.fresh(8)
        named = re.search(r"at least the user needs (~luffy.*)\.$", str(raised.value))[1]
        assert {*named.split()} == {*needs.split(), "+scan", "+unlink"}
        with redis.Redis(port=port, db=8, protocol=2) as admin:
            admin.execute_command(f"ACL SETUSER luffy {named}")
            admin.set("luffy:queue", "")
            lesson.fresh(8)
            assert admin.keys() == []


def test_fresh_follows_the_lessons_server_to_another_port(databases, capsys, monkeypatch, tmp_path):
    # The kernel knows the server's old address; meanwhile it was stopped, and its port taken by someone else.
    monkeypatch.setenv("LUFFY_HOME", str(tmp_path))
    server = RedisServer()
    try:
        lesson.fresh(4)
        server.stop()
        elsewhere = re.sub(r"^port \d+", f"port {free_port()}", server.configuration.read_text(), flags=re.MULTILINE)
        server.configuration.write_text(elsewhere)
        server.start()
        lesson.fresh()
        assert os.environ.get("REDIS_URL") == f"{server.url}/4"
        assert "your own" not in capsys.readouterr().out
    finally:
        server.stop()


# the clock


@pytest.mark.parametrize(("took", "says"), [(0.0, "0 s"), (0.99, "0 s"), (5.01, "5 s"), (15.6, "15 s")])
def test_the_stopwatch_prints_whole_seconds(capsys, monkeypatch, took, says):
    clock = iter([100.0, 100.0 + took])
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(clock))
        with stopwatch():
            pass
    assert capsys.readouterr().out == f"{says}\n"


@pytest.mark.parametrize(
    ("absent", "sign"),
    [({"pytest", "nbval", "jupyter", "jupyterlab", "playwright"}, "✓"), ({"matplotlib"}, "✗"), ({"ipywidgets"}, "✗")],
    ids=["of the tests, and Jupyter itself", "pictures", "widgets"],
)
def test_only_packages_that_lessons_import_make_the_environment_wrong(capsys, monkeypatch, absent, sign):
    usual = importlib.metadata.version

    def version(name):
        if name in absent:
            raise importlib.metadata.PackageNotFoundError(name)
        return usual(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    check_environment()
    signs = [line[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert signs == ["✓", sign, "✓"]


def test_all_that_lessons_import_is_looked_for():
    files = [*PACKAGE.glob("step*.py"), *(PACKAGE / "classroom").rglob("*.py")]
    imports = re.compile(r"^ *(?:from|import) (\w+)", re.MULTILINE)
    found = {name for file in files for name in imports.findall(file.read_text())}
    others = found - set(sys.stdlib_module_names) - {"luffy_lesson"}
    others -= {"IPython", "PIL"}  # the one comes with ipykernel, the other with Pillow
    assert others - {Requirement(line).name for line in learners()} == set()


def test_the_stopwatch_prints_its_label_before_the_time(capsys):
    with stopwatch("twice"):
        print("work")
    assert capsys.readouterr().out == "work\ntwice: 0 s\n"


# other processes
