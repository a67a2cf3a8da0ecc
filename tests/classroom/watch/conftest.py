import pytest
from served import backend, bury, register  # noqa: F401

from luffy_lesson import step7_retries
from luffy_lesson.classroom.watch.events import events
from luffy_lesson.step3_memory_queue import Luffy, Processor


@pytest.fixture
def told():
    """What is told."""
    told = []
    events.listen(told.append)
    yield told
    events.forget(told.append)


@pytest.fixture
def one_processor(join):
    """Let one processor do what waits, and return when it is done."""

    def work():
        Processor.start(1)
        join(Luffy.backend)
        Processor.pool.stop(timeout=10)

    return work


@pytest.fixture
def sent(redis_url, registry):
    """A worker of the newest step, whose jobs travel."""
    Luffy.backend = step7_retries.RedisBackend()
    return type(
        "Sent", (step7_retries.Worker,), {"perform": lambda self, *args: None, "retries": 0, "__module__": "__main__"}
    )
