"""RQ's and Huey's own programs perform the workers.

The engines are imported in the tests only: this file is read in the default run, too, which has none.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
import redis

from luffy_lesson import step11_engines
from luffy_lesson.step11_engines import Luffy

pytestmark = pytest.mark.engines
KINDS = [None, True, -1, 2**70, 0.1, 1e300, "ß€😀", [], {"a": [{"b": None}]}, "x" * 20_000]
FAILED = "luffy:rq:failed:luffy"


@pytest.fixture(params=["RQ", "Huey"])
def engine(request):
    return getattr(step11_engines, f"{request.param}Backend")


@pytest.fixture
def of_rq(redis_url, jobs):
    Luffy.backend = step11_engines.RQBackend(redis_url)
    return Luffy.backend


@pytest.fixture
def of_huey(redis_url, jobs):
    Luffy.backend = step11_engines.HueyBackend(redis_url)
    return Luffy.backend


@pytest.fixture
def raw(redis_url):
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


def noted(notes):
    """The arguments of the jobs of `Note` that are done."""
    return [json.loads(line[5:].rpartition(" ")[0]) for line in notes() if line.startswith("note ")]


def begun(notes):
    """The processes that have begun `Long`."""
    return [int(line.split()[1]) for line in notes() if line.startswith("begun")]


def family(pool):
    """All processes of an engine's program."""
    guard = psutil.Process(pool.program.process.pid)
    return [guard, *guard.children(recursive=True)]


# Jobs


def test_jobs_are_performed_now_later_and_in_bulk(backend, jobs, notes, start, eventually):
    assert jobs.Note.perform_queue(*KINDS) is backend
    jobs.Note.perform_bulk([[number] for number in range(20)])
    assert backend.qsize() == 21
    jobs.Note.perform_in(0.5, "in")
    jobs.Note.perform_at(datetime.now(UTC), "at")
    start()
    eventually(lambda: len(notes()) == 23)
    assert KINDS in noted(notes)
    assert all([one] in noted(notes) for one in ["in", "at", *range(20)])
    assert backend.qsize() == 0


def test_a_job_is_not_done_before_it_is_due(backend, jobs, notes, start, eventually):
    start()
    due = time.time() + 2
    jobs.Fails.perform_in(2)
    eventually(notes)
    assert float(notes()[0].split()[1]) >= due


def test_a_job_is_tried_again_as_its_worker_says(backend, jobs, notes, raw, start, eventually):
    start()
    jobs.Fails.perform_queue()
    eventually(lambda: len(notes()) == 3)
    eventually(lambda: backend.engine == "Huey" or raw.zcard(FAILED))
    jobs.Note.perform_queue("last")
    eventually(lambda: noted(notes))
    first, second, third = (float(line.split()[1]) for line in notes() if line.startswith("fails"))
    early = 1 if backend.engine == "RQ" else 0  # seconds: its clock has no smaller unit
    assert second - first >= 1 - early
    assert third - second >= 2 - early


def test_a_job_that_is_not_to_be_tried_again_is_not(backend, jobs, notes, raw, start, eventually):
    start()
    jobs.FailsOnce.perform_queue()
    eventually(lambda: len(notes()) == 1 and (backend.engine == "Huey" or raw.zcard(FAILED)))
    jobs.Note.perform_queue("last")
    eventually(lambda: noted(notes))
    assert len(notes()) == 2


def test_sys_exit_is_a_failure_like_any(backend, jobs, notes, start, eventually):
    start(1)
    jobs.Exits.perform_queue()
    eventually(lambda: notes() == ["exits"] * 2)
    jobs.Note.perform_queue("last")
    eventually(lambda: noted(notes))


def test_what_a_job_prints_is_shown(backend, jobs, start, capfd, eventually):
    start()
    jobs.Shout.perform_queue("This task loading 5 seconds")
    eventually(lambda: "This task loading 5 seconds\n" in capfd.readouterr().out)


def test_nothing_else_is_shown(backend, jobs, notes, start, capfd, eventually):
    pool = start(5)
    jobs.Note.perform_bulk([[number] for number in range(10)])
    eventually(lambda: len(notes()) == 10)
    pool.stop(timeout=30)
    assert capfd.readouterr() == ("", "")


def test_five_jobs_are_done_at_the_same_time(backend, jobs, notes, start, go, eventually):
    start(5)
    jobs.Long.perform_bulk([[str(go)]] * 6)
    eventually(lambda: len(set(begun(notes))) == 5)
    go.touch()
    eventually(lambda: notes().count("done") == 6)


# The end


def test_stop_waits_for_the_job_in_hand(backend, jobs, notes, start, go, eventually):
    pool = start(1)
    jobs.Long.perform_queue(str(go))
    eventually(notes)
    with pytest.raises(TimeoutError, match=backend.engine):
        pool.stop(timeout=1)
    jobs.Note.perform_queue("not any more")
    go.touch()
    pool.stop(timeout=30)
    assert notes()[1:] == ["done"]
    assert backend.qsize() == 1


def test_no_process_is_left_after_a_stop(backend, jobs, notes, start, eventually):
    pool = start(3)
    processes = family(pool)
    assert len(processes) >= 5
    pool.stop(timeout=30)
    assert [process for process in processes if process.is_running()] == []


BY_HAND = {
    "RQ": "rq worker-pool luffy -n 2 -S json -j mail.job_class -w mail.worker_class --queue-class mail.queue_class",
    "Huey": "huey_consumer mail.huey -k process -w 2",
}


def test_its_program_can_be_started_by_hand(engine, backend, redis_url, jobs, notes, environment, eventually, tmp_path):
    lines = "globals().update(Luffy.backend.names())"
    imports = "from engine_jobs import *\nfrom luffy_lesson.step11_engines import *\n"
    own = f"from luffy_lesson.step11_engines import {engine.__name__} as Backend"
    (tmp_path / "mail.py").write_text(f"{imports}{own}\nLuffy.backend = Backend({redis_url!r})\n{lines}\n")
    path = f"{environment['PYTHONPATH']}:{Path(__file__).parent}:{tmp_path}"
    told = {"PYTHONPATH": path, "RQ_KEY_PREFIX": "luffy:rq", "RQ_REDIS_URL": redis_url}
    program, *arguments = BY_HAND[engine.engine].split()
    command = [Path(sys.executable).with_name(program), *arguments]
    with subprocess.Popen(command, env=environment | told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
        try:
            jobs.Note.perform_queue("by hand")
            eventually(notes)
        finally:
            processes = [psutil.Process(one.pid), *psutil.Process(one.pid).children(recursive=True)]
            one.send_signal(engine.stops)
            one.wait(20)
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert alive == []


OWNER = """
import engine_jobs, sys, threading
from luffy_lesson import step11_engines
from luffy_lesson.step11_engines import Luffy, Processor
Luffy.backend = getattr(step11_engines, sys.argv[1])(sys.argv[2])
print(Processor.start(2).program.process.pid, flush=True)
threading.Event().wait()
"""


def test_no_process_is_left_when_its_owner_is_killed(
    backend, jobs, notes, redis_url, go, environment, eventually, tmp_path
):
    folder = {"PYTHONPATH": f"{environment['PYTHONPATH']}:{Path(__file__).parent}", "NOTES": str(notes.path)}
    command = [sys.executable, "-c", OWNER, type(backend).__name__, redis_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment | folder) as owner:
        guard = psutil.Process(int(owner.stdout.readline()))
        jobs.Long.perform_queue(str(go))
        eventually(notes)
        processes = [guard, *guard.children(recursive=True)]
        assert len(processes) >= 5
        owner.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert alive == []


# What only this engine does


def test_rq_begins_again_a_job_whose_process_was_killed(of_rq, jobs, notes, start, go, eventually):
    start()
    jobs.Long.perform_queue(str(go))
    eventually(notes)
    os.kill(begun(notes)[0], signal.SIGKILL)
    eventually(lambda: len(begun(notes)) == 2)
    go.touch()
    eventually(lambda: notes()[-1] == "done")


def test_rq_begins_again_a_job_when_everything_was_killed(of_rq, jobs, notes, raw, start, go, eventually, monkeypatch):
    # At once: what waits for another try has to wait until the dead hold their scheduler's lock no more.
    monkeypatch.setattr(jobs.Long, "backoff", staticmethod(lambda tries: 0))
    pool = start(1)
    jobs.Long.perform_queue(str(go))
    eventually(lambda: notes() and raw.zcard("luffy:rq:wip:luffy"))
    pool.quiet()
    pool.program.kill()
    pool.stop(timeout=30)
    entry, until = raw.zrange("luffy:rq:wip:luffy", 0, -1, withscores=True)[0]
    assert until - time.time() < 70  # so long one has to wait
    raw.zadd("luffy:rq:wip:luffy", {entry: 1})
    start(1)
    eventually(lambda: len(begun(notes)) == 2)
    go.touch()
    eventually(lambda: notes()[-1] == "done")


def test_who_is_killed_while_looking_for_what_was_left_behind_keeps_others_from_it_for_a_minute(of_rq, raw):
    assert of_rq.queue.acquire_maintenance_lock()
    assert not of_rq.queue.acquire_maintenance_lock()
    assert 0 < raw.ttl(of_rq.queue.registry_cleaning_key) <= 60
    of_rq.queue.release_maintenance_lock()
    assert raw.dbsize() == 0


def test_rq_keeps_the_dead_and_sends_them_back(of_rq, jobs, notes, raw, start, eventually):
    start()
    jobs.FailsOnce.perform_queue()
    eventually(lambda: raw.zcard(FAILED))
    (id,) = raw.zrange(FAILED, 0, -1)
    dead = of_rq.queue.fetch_job(id)
    assert "it fails" in dead.latest_result().exc_string
    dead.requeue()
    eventually(lambda: len(notes()) == 2)


def test_rq_asks_for_the_backoff_of_all_tries_when_a_job_is_put(of_rq, jobs, raw):
    jobs.Fails.perform_queue()
    (id,) = raw.lrange("luffy:rq:queue:luffy", 0, -1)
    assert of_rq.queue.fetch_job(id).retry_intervals == [1, 2]
    assert of_rq.queue.fetch_job(id).timeout == -1  # else it would be ended after three minutes
    jobs.Fails.backoff = staticmethod(lambda tries: 0.5)
    jobs.Fails.perform_queue()
    assert of_rq.queue.fetch_job(raw.lindex("luffy:rq:queue:luffy", -1)).retry_intervals == [1, 1]  # in whole seconds
    jobs.Fails.backoff = staticmethod(lambda tries: -1)
    with pytest.raises(ValueError, match=r"Fails.backoff\(0\) is -1.0, and not a number of seconds"):
        jobs.Fails.perform_queue()


def test_rq_is_told_a_whole_second_that_is_no_earlier(of_rq, jobs, raw):
    jobs.Note.perform_at(datetime.fromtimestamp(4_000_000_000.25, UTC))
    assert raw.zrange("luffy:rq:scheduled:luffy", 0, -1, withscores=True)[0][1] == 4_000_000_001


def test_a_backoff_that_is_no_number_is_said_and_huey_gives_the_job_up(
    of_huey, jobs, notes, start, capfd, eventually, tmp_path, monkeypatch
):
    (tmp_path / "odd_jobs.py").write_text(
        "from engine_jobs import Fails, note\n"
        "class Odd(Fails):\n"
        "    @staticmethod\n"
        "    def backoff(tries):\n"
        "        return -1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_jobs", raising=False)
    import odd_jobs

    start()
    odd_jobs.Odd.perform_queue()
    said = []
    eventually(lambda: said.append(capfd.readouterr().out) or "Odd.backoff(0) is -1.0" in "".join(said))
    jobs.Note.perform_queue("last")
    eventually(lambda: noted(notes))
    assert len(notes()) == 2


def test_huey_replaces_a_process_that_was_killed(of_huey, jobs, notes, start, go, eventually):
    start(2)
    jobs.Long.perform_queue(str(go))
    eventually(notes)
    os.kill(begun(notes)[0], signal.SIGKILL)
    jobs.Long.perform_bulk([[str(go)]] * 2)
    eventually(lambda: len(set(begun(notes))) == 3)
    go.touch()
    eventually(lambda: notes().count("done") == 2)
    assert of_huey.qsize() == 0  # the first one is lost: Huey had taken it out of Redis


# What may come from anybody


NO_WORKERS = ["print", "builtins.print", "engine_jobs.note", "os.getpid", "Worker"]


def test_rq_calls_only_workers(of_rq, jobs, notes, raw, redis_url, start, eventually):
    from luffy_lesson.step11_engines.rq import rq  # which says first where RQ keeps its keys

    with redis.Redis.from_url(redis_url) as connection:
        queue = rq.Queue("luffy", connection=connection, serializer="json")
        for name in [*NO_WORKERS, "FailsOnce"]:
            queue.enqueue(name, on_failure=rq.Callback("engine_jobs.note"))
    start()
    eventually(lambda: raw.zcard(FAILED) == len(NO_WORKERS) + 1)
    assert len(notes()) == 1  # that of FailsOnce
    reasons = [of_rq.queue.fetch_job(id).latest_result().exc_string for id in raw.zrange(FAILED, 0, -1)]
    for name in NO_WORKERS:
        assert any(f"LookupError: no worker '{name}' here" in reason for reason in reasons)


def test_huey_calls_only_workers(of_huey, jobs, notes, raw, start, capfd, eventually):
    for name in NO_WORKERS:
        told = {"id": "1", "name": name, "eta": None, "retries": 0, "retry_delay": 0, "args": ["x"]}
        raw.lpush("luffy:huey:queue", json.dumps(told))
    jobs.Note.perform_queue("last")
    start(1)
    eventually(lambda: noted(notes))
    assert len(notes()) == 1
    said = capfd.readouterr().out
    for name in NO_WORKERS:
        assert f"{name} not found in TaskRegistry" in said


def test_all_its_keys_begin_alike(backend, jobs, notes, raw, start, eventually):
    start()
    jobs.Fails.perform_queue()
    jobs.Note.perform_in(60, 1)
    jobs.Note.perform_queue(1)
    eventually(lambda: len(notes()) == 2)
    assert [key for key in raw.scan_iter() if not key.startswith("luffy:")] == []


def test_nobody_sees_the_password(backend, jobs, redis_url, start):
    password = redis.connection.parse_url(redis_url)["password"]
    assert len(password) > 10
    pool = start()
    assert password not in repr(backend)
    assert not any(password in " ".join(process.cmdline()) for process in family(pool))


def test_a_server_that_is_away_is_said_without_its_password(engine, jobs):
    backend = engine("redis://:very-secret-word@127.0.0.1:1")
    Luffy.backend = backend
    with pytest.raises(ConnectionError, match="does not answer") as error:
        jobs.Note.perform_queue(1)
    assert "very-secret-word" not in str(error.value) + str(error.value.__cause__) + repr(backend)
