"""What the tests of the steps share: a Redis database each, a bounded wait, and nothing left running after a test."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import redis
from clusters import Cluster, cluster
from fast_import import PYTHONPATH
from servers import certified

from luffy_lesson import redis_client
from luffy_lesson.host.redis_server import RedisServer
from luffy_lesson.step3_memory_queue import Luffy, Processor
from luffy_lesson.step4_redis_queue import Worker

DATABASES = itertools.cycle(range(20, 64))  # the lessons have the first ones


def stop_processors() -> None:
    Luffy.backend = None
    pool, Processor.pool = Processor.pool, None
    if pool:
        pool.stop(timeout=10)


@pytest.fixture(autouse=True)
def no_processor_left() -> Iterator[None]:
    yield
    stop_processors()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("Processor ")] == []
    # Of a backend that is garbage, the sockets may be collected first, and say that nobody has closed them.
    for pool in list(redis_client.Pool.living):
        pool.disconnect()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, type[Worker]]:
    """A registry that has only the workers that the test defines."""
    monkeypatch.setattr(Worker, "registry", {})
    return Worker.registry


@pytest.fixture
def admin_url() -> Iterator[str]:
    """The address of an empty database on this test process's own server, for who may do all there."""
    url = f"{RedisServer().start()}/{next(DATABASES)}"
    yield url
    stop_processors()  # a keeper would beat after its heartbeats have been deleted
    with redis.Redis.from_url(url) as connection:
        for key in connection.scan_iter("luffy:*"):
            connection.unlink(key)
        assert connection.dbsize() == 0


@pytest.fixture
def redis_url(admin_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same address, which `$REDIS_URL` names as well; for the steps, that of a user with an application's rights.

    What they can do as such a user, they can do as one that may do more.
    """
    url = admin_url
    if request.path.parent == Path(__file__).parent:  # here are the tests of the steps
        with redis.Redis.from_url(admin_url) as admin:
            password = admin.get_connection_kwargs()["password"]
            admin.execute_command(f"ACL SETUSER luffy reset on >{password} ~luffy:* +@all -@dangerous")
        url = admin_url.replace("//:", "//luffy:")
    monkeypatch.setenv("REDIS_URL", url)
    return url


@pytest.fixture(scope="session")
def three_nodes() -> Iterator[Cluster]:
    """A Redis Cluster of three real nodes. It takes two seconds to be one."""
    with cluster() as three_nodes:
        yield three_nodes


@pytest.fixture
def nodes(three_nodes: Cluster) -> Iterator[Cluster]:
    """The same, empty before and after a test."""
    yield three_nodes
    stop_processors()
    three_nodes.empty()


@pytest.fixture
def raw(admin_url: str, redis_url: str) -> Iterator[redis.Redis]:
    """A plain client, as any other program has one."""
    with redis.Redis.from_url(admin_url) as client:
        yield client


@pytest.fixture
def done() -> list[Any]:
    """What the workers of a test have done."""
    return []


@pytest.fixture
def backend(redis_url: str, request: pytest.FixtureRequest) -> Any:
    """An empty backend of the step that the test's module names as its `STEP`, in use."""
    Luffy.backend = request.module.STEP.RedisBackend()
    return Luffy.backend


@pytest.fixture
def fast_beat(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let the heartbeats of the module's `STEP` last for a second."""
    monkeypatch.setattr(request.module.STEP.RedisBackend, "beat_every", 0.1)
    monkeypatch.setattr(request.module.STEP.RedisBackend, "gone_after", 1.0)


@pytest.fixture
def fast_poll(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let the pollers of the module's `STEP` look often."""
    monkeypatch.setattr(request.module.STEP.RedisBackend, "poll_every", 0.02)


@pytest.fixture
def note(done: list[Any], registry: dict[str, type[Worker]], request: pytest.FixtureRequest) -> type[Worker]:
    """A worker of the module's `STEP` that notes its arguments."""

    class Note(request.module.STEP.Worker):
        def perform(self, *args: Any) -> None:
            done.append(args)

    return Note


@pytest.fixture
def gated(
    gate: threading.Event, done: list[Any], registry: dict[str, type[Worker]], request: pytest.FixtureRequest
) -> type[Worker]:
    """A worker of the module's `STEP` that works until the gate is open; its `began` says that it has begun."""

    class Gated(request.module.STEP.Worker):
        began = threading.Event()

        def perform(self, *args: Any) -> None:
            Gated.began.set()
            assert gate.wait(30)
            done.append(args)

    return Gated


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What lets the jobs of a test end, in any case at its end."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own, not started yet."""
    server = RedisServer(tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until a condition holds, for 15 seconds at most: for what has no event to wait for."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "it has not come true within 15 s"
            time.sleep(0.02)

    return wait


@pytest.fixture
def aside() -> Iterator[Callable[..., "Future[Any]"]]:
    """Call a function in a thread of its own, and return its future. A call that hangs fails the test, not the run."""
    futures: list[Future[Any]] = []

    def call(function: Callable[..., Any], *args: Any, **options: Any) -> "Future[Any]":
        def run() -> None:
            try:
                future.set_result(function(*args, **options))
            except BaseException as error:
                future.set_exception(error)

        future: Future[Any] = Future()
        futures.append(future)
        threading.Thread(target=run, daemon=True).start()
        return future

    yield call
    for future in futures:
        future.exception(timeout=10)


@pytest.fixture
def join(aside: Callable[..., "Future[Any]"]) -> Callable[[Any], None]:
    """Wait until all jobs of a backend are finished, for 10 seconds at most."""
    return lambda backend: aside(backend.join).result(timeout=10)


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment in which a Python process finds the package, and what it prints comes at once."""
    return os.environ | {"PYTHONPATH": PYTHONPATH, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for a server on loopback, and its key."""
    return certified(tmp_path)
