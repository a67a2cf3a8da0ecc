"""What holds on each engine alike, with its own program.

The engines are imported in the tests only: this file is read in the default run, too, which has none.
"""

import importlib
import json
import sys

import pytest
from servers import REDIS_7, VALKEY, server

from luffy_lesson import step11_engines
from luffy_lesson.step11_engines import Job, Luffy, Processor, middleware

pytestmark = pytest.mark.engines


@pytest.fixture(params=["Celery", "Dramatiq", "RQ", "Huey"])
def engine(request):
    return getattr(step11_engines, f"{request.param}Backend")


DEEP = json.loads("[" * 63 + "]" * 63)  # in the list of arguments of a job, one level too many


def test_one_rule_for_arguments(backend, jobs, raw):
    for args in [(object(),), ({1: 2},), ((1, 2),), (float("nan"),), (b"x",), (DEEP,)]:
        for call in (jobs.Note.perform_queue, lambda *args: jobs.Note.perform_in(1, *args)):
            with pytest.raises(TypeError, match="Note: use only arguments that JSON has"):
                call(*args)
    with pytest.raises(TypeError):
        jobs.Note.perform_bulk([[1], [b"x"]])
    assert raw.dbsize() == 0


def test_what_it_has_not_is_said_in_a_sentence(backend):
    for call in (backend.get, backend.task_done, backend.join):
        with pytest.raises(NotImplementedError, match=backend.engine):
            call()


LIMITED = """
import time
from engine_jobs import Worker, note
from luffy_lesson.step11_engines import middleware, time_limit

middleware.append(time_limit(0.5))

class Endless(Worker):
    retries = 1

    @staticmethod
    def backoff(tries):
        return 1

    def perform(self):
        try:
            while True:
                time.sleep(0.01)
        except BaseException as error:
            note(type(error).__name__)
            raise
"""


@pytest.fixture
def limited_jobs(jobs, tmp_path, monkeypatch):
    """A worker file that says how long a job may take."""
    (tmp_path / "limited_jobs.py").write_text(LIMITED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "limited_jobs", raising=False)
    yield importlib.import_module("limited_jobs")
    middleware.clear()


def test_a_time_limit_is_kept_and_what_exceeds_it_has_failed(backend, jobs, limited_jobs, notes, start, eventually):
    start(1)
    limited_jobs.Endless.perform_queue()
    eventually(lambda: notes() == ["TimeLimitExceeded"] * 2)
    jobs.Note.perform_queue("next")
    eventually(lambda: "next" in notes()[-1])
    assert len(notes()) == 3


def test_pools_of_several_servers_take_each_from_its_own(engine, redis_url, jobs, notes, eventually):
    with server(VALKEY) as port:
        backends = [engine(redis_url), engine(f"redis://127.0.0.1:{port}/0")]
        pools = [backend.Pool(Processor, 1, backend) for backend in backends]
        try:
            for pool, backend in zip(pools, backends, strict=True):
                pool.start()
                backend.put(Job(jobs.Note, (backends.index(backend),)))
            eventually(lambda: len(notes()) == 2)
            pools[0].stop(timeout=30)
            for number, backend in enumerate(backends):
                backend.put(Job(jobs.Note, (number,)))
            eventually(lambda: len(notes()) == 3)
            assert "[1]" in notes()[2]
            assert [backend.qsize() for backend in backends] == [1, 0]
        finally:
            for pool in pools:
                pool.stop(timeout=30)
            for backend in backends:
                backend.close()


def test_a_server_with_tls_will_do(engine, certificate, jobs, notes, start, eventually):
    cert, key = certificate
    options = [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}", "tls-auth-clients no"]
    with server(REDIS_7, *options) as port:
        Luffy.backend = engine(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={cert}")
        assert "ssl" not in repr(Luffy.backend)
        jobs.Note.perform_queue("before")
        start(1)
        eventually(lambda: notes())
        jobs.Note.perform_in(0.1, "later")
        eventually(lambda: len(notes()) == 2)
        assert Luffy.backend.qsize() == 0
        Processor.pool.stop(timeout=30)


def test_a_server_whose_certificate_nobody_vouches_for_is_told(engine, certificate, jobs):
    cert, key = certificate
    options = [f"tls-cert-file {cert}", f"tls-key-file {key}", f"tls-ca-cert-file {cert}", "tls-auth-clients no"]
    with server(REDIS_7, *options) as port:
        Luffy.backend = engine(f"rediss://127.0.0.1:{port}/0")
        with pytest.raises(ConnectionError, match=r"does not answer: .*certificate verify failed"):
            jobs.Note.perform_queue()
