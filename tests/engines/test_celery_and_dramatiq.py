"""Celery and Dramatiq perform the workers, each on Redis and on RabbitMQ, in programs of their own.

The engines are imported in the tests only: this file is read in the default run, too, which has none.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from luffy_lesson import step11_engines
from luffy_lesson.host.redis_server import free_port
from luffy_lesson.step11_engines import Luffy, Processor

pytestmark = pytest.mark.engines

ENGINES = ["Celery", "Dramatiq"]
SCHEMES = {"redis_url": "redis", "rabbitmq": "amqp"}
ALL_KINDS = [None, True, -1, 2**70, 0.1, 1e300, "", "fünf \U0001f680", [], [[1, [2]]], {}, {"a": {"b": [1.5, None]}}]


def backend_of(engine, url, **settings):
    return getattr(step11_engines, f"{engine}Backend")(url, **settings)


def put_by_another_program(backend, name, *args, **options):
    """Put a job there as one of the engine's own clients does."""
    if backend.engine == "Celery":
        from celery import Celery

        theirs = Celery(broker=backend.url, set_as_current=False)
        theirs.conf.broker_transport_options = backend.app.conf.broker_transport_options
        with theirs.connection_for_write() as connection:
            theirs.send_task(name, args, connection=connection, queue=backend.queue(), **options)
    else:
        from dramatiq import Message

        backend.broker.enqueue(Message(backend.queue, name, args, {}, {}))


@pytest.fixture(params=SCHEMES)
def url(request):
    """The address of a real server."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=ENGINES)
def backend(request, url, jobs):
    """A backend whose server is soon taken for left behind by who is gone."""
    patience = {"Celery": {"visibility_timeout": 5}, "Dramatiq": {"heartbeat_timeout": 3}}[request.param]
    Luffy.backend = backend_of(request.param, url, **patience)
    return Luffy.backend


def test_jobs_are_performed_once_and_not_before_they_are_due(backend, jobs, notes, start, eventually, capfd):
    begun = time.time()
    assert jobs.Note.perform_queue("now", *ALL_KINDS) is backend
    jobs.Note.perform_bulk([["many", number] for number in range(20)])
    jobs.Note.perform_in(timedelta(seconds=3), "in 3")
    jobs.Note.perform_in(0.4, "in 0.4")
    jobs.Note.perform_at(datetime.fromtimestamp(begun + 2, UTC), "at 2")
    jobs.Note.perform_at(datetime.fromtimestamp(begun - 60, UTC), "past")
    start()
    jobs.Note.perform_queue("after")
    jobs.Shout.perform_queue("This task loading 5 seconds")
    eventually(lambda: len(notes()) == 26)
    done = [re.fullmatch(r"note (.*) (\S+)", line).groups() for line in notes()]
    args = [json.loads(one) for one, _ in done]
    assert ["now", *ALL_KINDS] in args
    first = {one[0]: float(at) - begun for one, (_, at) in zip(args, done, strict=True)}
    assert sorted(map(str, args)) == sorted(
        map(str, [["now", *ALL_KINDS], *(["many", n] for n in range(20)), *([n] for n in {*first} - {"now", "many"})])
    )
    assert first["in 3"] >= 2.99
    assert first["at 2"] >= 1.99
    assert first["in 0.4"] >= 0.39
    eventually(lambda: backend.qsize() == 0)
    Processor.pool.stop(timeout=30)
    assert re.search(r"^.*This task loading 5 seconds$", capfd.readouterr().out, re.MULTILINE)


def test_what_fails_is_tried_as_often_and_as_late_as_its_worker_says(backend, jobs, notes, start, eventually, capfd):
    start()
    for worker in (jobs.Exits, jobs.NoMemory, jobs.FailsOnce, jobs.Fails):
        worker.perform_queue()
    eventually(lambda: len(notes()) == 7)
    # Each of them was performed, and so would be one that is tried once too often.
    jobs.Note.perform_in(4, "last")
    eventually(lambda: "last" in notes()[-1])
    assert sorted(line.split(" 1")[0] for line in notes()[:-1]) == sorted(
        ["exits"] * 2 + ["no memory", "fails once"] + ["fails"] * 3
    )
    first, second, third = [float(line.split()[1]) for line in notes() if line.startswith("fails 1")]
    assert second - first >= 0.99
    assert third - second >= 1.99
    Processor.pool.stop(timeout=30)
    said = capfd.readouterr().out
    assert "ValueError: it fails" in said
    assert "SystemExit" in said


def dead(backend, raw):
    """The names of the jobs that are dead."""
    import pika

    if not backend.url.startswith("amqp"):
        found = raw.hvals("luffy:dramatiq:luffy.dramatiq.XQ.msgs")
        return [json.loads(one)["actor_name"] for one in found]
    names = []
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(backend.url))) as connection:
        channel = connection.channel()
        for queue in ("luffy.celery.dead", "luffy.dramatiq.XQ"):
            with contextlib.suppress(pika.exceptions.ChannelClosedByBroker):
                while (got := channel.basic_get(queue))[0]:
                    names.append((got[1].headers or {}).get("task") or json.loads(got[2])["actor_name"])
                continue
            channel = connection.channel()
    return names


def test_what_failed_for_good_is_dead_where_there_is_a_place(backend, jobs, notes, start, eventually, request):
    raw = None if backend.url.startswith("amqp") else request.getfixturevalue("raw")
    start()
    jobs.FailsOnce.perform_queue()
    jobs.Note.perform_queue()
    eventually(lambda: len(notes()) == 2)
    Processor.pool.stop(timeout=30)
    kept = [] if (backend.engine, bool(raw)) == ("Celery", True) else ["FailsOnce"]
    assert dead(backend, raw) == kept


def test_nothing_but_registered_workers_is_performed(backend, jobs, notes, start, eventually):
    start()
    for name in ("engine_jobs.note", "os.getcwd", "celery.ping", "Nobody", "Worker"):
        put_by_another_program(backend, name, "no")
    jobs.Note.perform_queue("yes")
    eventually(lambda: "yes" in "".join(notes()))
    Processor.pool.stop(timeout=30)
    assert [line.split()[1] for line in notes()] == ['["yes"]']


def test_celery_reads_nothing_but_json(jobs, redis_url, notes, start, eventually):
    Luffy.backend = backend_of("Celery", redis_url)
    start()
    put_by_another_program(Luffy.backend, "Note", "yaml", serializer="yaml")
    put_by_another_program(Luffy.backend, "Note", "json")
    eventually(lambda: notes())
    Processor.pool.stop(timeout=30)
    assert [line.split()[1] for line in notes()] == ['["json"]']


def begun(notes):
    """The numbers of the processes in which a job has begun, one after another."""
    return [int(line.split()[1]) for line in notes() if line.startswith("begun")]


@pytest.mark.parametrize("name", ["Long", "LongOnce"])
def test_a_job_whose_process_is_killed_is_begun_again(backend, jobs, notes, go, start, eventually, name):
    start()
    getattr(jobs, name).perform_queue(str(go))
    eventually(lambda: begun(notes))
    os.kill(begun(notes)[0], signal.SIGKILL)
    eventually(lambda: len(begun(notes)) == 2)
    go.touch()
    eventually(lambda: "done" in notes())
    Processor.pool.stop(timeout=30)
    assert notes().count("done") == 1


def test_a_job_is_begun_again_when_all_its_processes_were_killed(backend, jobs, notes, go, start, eventually):
    pool = start()
    jobs.Long.perform_queue(str(go))
    eventually(lambda: begun(notes))
    pool.program.kill()
    pool.quiet()
    pool.program.thread.join(10)
    start()
    eventually(lambda: len(begun(notes)) == 2)
    go.touch()
    eventually(lambda: "done" in notes())


# With less patience, Celery may give back a job a second time, while it puts away a process that has died.
@pytest.mark.parametrize(("engine", "patience"), [("Celery", {}), ("Dramatiq", {"heartbeat_timeout": 3})])
def test_a_job_that_kills_its_process_each_time_is_given_up(
    engine, patience, redis_url, jobs, notes, raw, start, eventually, capfd
):
    Luffy.backend = backend = backend_of(engine, redis_url, **patience)
    start()
    jobs.Kills.perform_queue()
    for times in range(1, 4):
        eventually(lambda times=times: notes().count("kills") == times)
    said = []
    eventually(lambda: said.append(capfd.readouterr().out) or "given up" in "".join(said))
    jobs.Note.perform_queue("last")
    eventually(lambda: "last" in notes()[-1])
    Processor.pool.stop(timeout=30)
    assert "Kills: 3 processes have died with this job in hand" in "".join(said)
    assert notes().count("kills") == 3
    assert dead(backend, raw) == ([] if engine == "Celery" else ["Kills"])
    assert [*raw.scan_iter("luffy:*:begun:*")] == []


@pytest.mark.parametrize("url", ["rabbitmq"], indirect=True)
def test_rabbitmq_counts_how_often_a_job_was_taken_and_not_done(backend, jobs, eventually):
    import pika

    jobs.Kills.perform_queue()
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(backend.url))) as connection:
        channel = connection.channel()
        taken = 0
        while (got := channel.basic_get({"Celery": "luffy.celery", "Dramatiq": "luffy.dramatiq"}[backend.engine]))[0]:
            channel.basic_nack(got[0].delivery_tag, requeue=True)
            taken += 1
    assert taken == 21  # the first, and twenty more
    eventually(lambda: dead(backend, None) == ["Kills"])


def test_stop_waits_for_the_job_in_hand_and_leaves_no_process(backend, jobs, notes, go, start, eventually):
    pool = start(count=3)
    tree = psutil.Process(pool.program.process.pid).children(recursive=True)
    jobs.Long.perform_queue(str(go))
    eventually(lambda: begun(notes))
    with pytest.raises(TimeoutError, match=f"Still at work after 0.5 s: {backend.engine}"):
        pool.stop(timeout=0.5)
    go.touch()
    pool.stop(timeout=30)
    assert psutil.wait_procs(tree, timeout=5)[1] == []
    assert notes()[1:] == ["done"]
    jobs.Note.perform_queue("waits")
    start()
    eventually(lambda: len(notes()) == 3)
    assert "waits" in notes()[2]


def test_a_job_that_celery_is_told_to_give_back_is_no_failure(jobs, notes, url, go, start, eventually, monkeypatch):
    Luffy.backend = backend_of("Celery", url)
    with monkeypatch.context() as patch:  # the second one is stopped as usual
        patch.setattr(type(Luffy.backend), "stops", signal.SIGQUIT)
        pool = start()
        jobs.LongOnce.perform_queue(str(go))  # which is tried once
        eventually(lambda: begun(notes))
        pool.stop(timeout=30)
    start()
    eventually(lambda: len(begun(notes)) == 2)
    go.touch()
    eventually(lambda: "done" in notes())


def test_a_second_start_replaces_the_first(backend, jobs, notes, start, eventually):
    first = start()
    start()
    assert not first.program.thread.is_alive()
    jobs.Note.perform_queue()
    eventually(lambda: len(notes()) == 1)


OWNER = """
import sys, time
import engine_jobs
from luffy_lesson.step11_engines import *
from luffy_lesson.step11_engines import {name}
Luffy.backend = {name}({url!r})
pool = Processor.start(2)
print(pool.program.process.pid, flush=True)
time.sleep(60)
"""


def test_no_process_outlives_the_one_that_started_it(backend, jobs, notes, go, environment, eventually):
    code = OWNER.format(name=type(backend).__name__, url=backend.url)
    environment["PYTHONPATH"] += os.pathsep + os.path.dirname(__file__)
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as owner:
        guard = psutil.Process(int(owner.stdout.readline()))
        tree = [guard, *guard.children(recursive=True)]
        jobs.Long.perform_queue(str(go))
        eventually(lambda: begun(notes))
        owner.kill()
    assert len(tree) >= 3
    assert psutil.wait_procs(tree, timeout=10)[1] == []


def test_a_password_is_in_no_argument_and_no_line(url, jobs, notes, start, eventually, capfd):
    for engine in ENGINES:
        Luffy.backend = backend_of(engine, url)
        password = re.search(r":([^:@/]+)@", url)[1]
        pool = start()
        jobs.Fails.perform_queue()
        guard = psutil.Process(pool.program.process.pid)
        arguments = [word for one in [guard, *guard.children(recursive=True)] for word in one.cmdline()]
        eventually(lambda: notes())
        pool.stop(timeout=30)
        Luffy.backend.close()
        out, err = capfd.readouterr()
        assert password not in " ".join([repr(Luffy.backend), *arguments, out, err])
        notes.path.unlink()


@pytest.fixture(params=["nobody listens", "nobody answers"])
def away(request):
    """The place of a server that is away."""
    if request.param == "nobody listens":
        yield f"127.0.0.1:{free_port()}"
        return
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


@pytest.mark.parametrize("scheme", SCHEMES.values())
@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_that_is_away_is_told_within_seconds(engine, scheme, away, jobs):
    Luffy.backend = backend_of(engine, f"{scheme}://luffy:secret@{away}")
    for perform in (lambda: jobs.Note.perform_queue(1), lambda: jobs.Note.perform_in(5)):
        before = time.monotonic()
        with pytest.raises(ConnectionError, match=rf"<{engine}Backend {scheme}://{away}> does not answer: ") as raised:
            perform()
        assert time.monotonic() - before < 10
        said = f"{raised.value} {raised.value.__cause__!r} {raised.value.__context__!r}"
        assert "secret" not in said


@pytest.mark.parametrize("scheme", SCHEMES.values())
@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_without_a_server_says_so(engine, scheme, jobs, monkeypatch, capfd, start, eventually):
    Luffy.backend = backend_of(engine, f"{scheme}://luffy:secret@127.0.0.1:{free_port()}")
    monkeypatch.setattr(Luffy.backend.Pool, "ready_within", 4)
    said = ""
    if engine == "Celery":
        with pytest.raises(RuntimeError, match=f"The program of {engine} did not get ready") as raised:
            start()
        said = str(raised.value)
    else:  # it is ready to wait for one
        start()

    def shown():
        nonlocal said
        said += capfd.readouterr().out
        return said

    eventually(lambda: re.search("refused", shown()))
    Processor.pool.stop(timeout=30)  # it goes on to say so, and pytest closes what it says it to before a fixture ends
    assert "secret" not in said + shown()


MAIL = """
from engine_jobs import Note
from luffy_lesson.step11_engines import {name}, Luffy

Luffy.backend = {name}({url!r})
{what} = Luffy.backend.{what}
"""


def test_its_program_can_be_started_by_hand(backend, jobs, notes, environment, eventually, tmp_path):
    """As the docstring of the backend says."""
    what = {"Celery": "app", "Dramatiq": "broker"}[backend.engine]
    Path(tmp_path, "mail.py").write_text(MAIL.format(name=type(backend).__name__, url=backend.url, what=what))
    line = re.search(r"is `(.*mail.*)`:", type(backend).__doc__)[1]
    command = [shutil.which(line.split()[0], path=os.path.dirname(sys.executable)), *line.split()[1:]]
    environment["PYTHONPATH"] += os.pathsep + os.path.dirname(__file__)
    jobs.Note.perform_queue("by hand")
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE
    ) as one:
        try:
            eventually(lambda: notes())
        finally:
            one.terminate()
            one.communicate(timeout=30)


def test_celery_takes_no_other_address_from_the_environment(monkeypatch, redis_url):
    for name in ("CELERY_BROKER_URL", "BROKER_URL"):
        monkeypatch.setenv(name, "redis://elsewhere")
        with pytest.raises(ValueError, match=rf"\${name} is another address, and Celery would take that: unset it\."):
            backend_of("Celery", redis_url)
        monkeypatch.setenv(name, redis_url)
        backend_of("Celery", redis_url)
        monkeypatch.delenv(name)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rabbitmq_with_tls_will_do_when_its_certificate_is_right(
    engine, rabbitmq_server, rabbitmq, jobs, notes, start, eventually, monkeypatch
):
    _, url, certificate = rabbitmq_server
    Luffy.backend = backend_of(engine, url)
    with pytest.raises(ConnectionError, match=r"does not answer: .*certificate verify failed"):
        jobs.Note.perform_queue()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Luffy.backend = backend_of(engine, url.replace("127.0.0.1", "127.0.0.2"))
    with pytest.raises(ConnectionError, match=r"does not answer: .*not valid for '127\.0\.0\.2'"):
        jobs.Note.perform_queue()
    Luffy.backend = backend_of(engine, url)
    jobs.Note.perform_queue("right")
    start(1)
    eventually(lambda: notes())
    Processor.pool.stop(timeout=30)


def test_what_would_be_done_twice_is_refused(redis_url, jobs):
    Luffy.backend = backend_of("Celery", redis_url, visibility_timeout=100)
    jobs.Note.perform_in(90)
    with pytest.raises(ValueError, match="keeps no job for longer than 100 seconds"):
        jobs.Note.perform_in(110)
