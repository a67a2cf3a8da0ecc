"""The classroom leaves nothing behind: no process, no website, no pool, no board, no address in `$REDIS_URL`."""

import os
from collections.abc import Iterator

import pytest
from real_kernel import Kernel

from luffy_lesson.classroom import Website, WorkerProcess, lesson
from luffy_lesson.classroom.board import Board
from luffy_lesson.classroom.output import owner
from luffy_lesson.classroom.seam import seam


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """End what a test has started, and put back what it has set."""
    yield
    for process in list(WorkerProcess.running):
        process.kill()
    Website.close_open()
    for pool in owner.pools:
        pool.stop(timeout=10)
    owner.pools.clear()
    for board in Board.open:
        board.close()
    Board.last = None
    seam.forget_waiting()
    assert seam.listeners == ()
    assert seam.in_hand == {}
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
