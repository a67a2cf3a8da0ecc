"""The classroom leaves nothing behind: no process, no website, no pool, no board, no address in `$REDIS_URL`."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from real_kernel import Kernel

from luffy_lesson.classroom import Website, WorkerProcess, lesson
from luffy_lesson.classroom.watch import hooks, pools
from luffy_lesson.classroom.watch.backlog import backlog
from luffy_lesson.classroom.watch.board import Board
from luffy_lesson.classroom.watch.events import events
from luffy_lesson.classroom.watch.fleet import Fleet
from luffy_lesson.host.redis_server import RedisServer

WORKERS = (Path(__file__).parents[1] / "sample_workers.py").read_text()
NUMBERS = (4, 5)  # of lessons that use Redis


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """End what a test has started, and put back what it has set. Meanwhile the steps are watched, as in a notebook."""
    hooks.install()
    yield
    for process in list(WorkerProcess.running):
        process.kill()
    Website.close_open()
    Fleet.close_open()
    for pool in pools.started:
        pool.stop(timeout=10)
    pools.started.clear()
    for board in Board.open:
        board.close()
    Board.last = None
    backlog.forget()
    assert events.listeners == ()
    assert events.begun == {}
    hooks.uninstall()
    lesson.number = 0
    os.environ.pop("REDIS_URL", None)


@pytest.fixture(scope="module")
def one_kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A kernel that has run the `SET_UP` of the test's module."""
    kernel = Kernel()
    kernel.run(request.module.SET_UP)
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(one_kernel: Kernel) -> Kernel:
    """A kernel with nothing running, nothing waiting, and nothing sent."""
    one_kernel.run("lesson.fresh(3); Luffy.backend = queue.Queue(); Wait.go.clear()")
    one_kernel.out.clear()
    one_kernel.err.clear()
    one_kernel.messages.clear()
    return one_kernel


@pytest.fixture
def databases() -> Iterator[list[redis.Redis]]:
    """The databases of the lessons `NUMBERS` on the lessons' server, empty."""
    url = RedisServer().start()
    connections = [redis.Redis.from_url(f"{url}/{number}", decode_responses=True) for number in NUMBERS]
    for connection in connections:
        connection.flushdb()
    yield connections
    for connection in connections:
        connection.flushdb()
        connection.close()


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file of workers."""
    path = tmp_path / "their_workers.py"
    path.write_text(WORKERS)
    return str(path)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], eventually: Callable[..., None]) -> Callable[[str], str]:
    """Wait until a text has been printed."""
    texts = []

    def wait_for(text):
        def there():
            texts.append(capsys.readouterr().out)
            return text in "".join(texts)

        eventually(there)
        return "".join(texts)

    return wait_for
