"""What the page `notebooks/operations.md` says of this system; what it says of servers has no test here."""

import re
from pathlib import Path

import pytest
from reliable import steps

from luffy_lesson.step3_memory_queue import Luffy

PAGE = Path(__file__).parents[1] / "notebooks/operations.md"
TEXT = PAGE.read_text(encoding="utf-8")

pytestmark = pytest.mark.usefixtures("redis_url", "registry")


@pytest.fixture
def backend(system):
    Luffy.backend = system.RedisBackend(beat_every=0.1, gone_after=0.5)
    return Luffy.backend


def test_the_pages_that_it_links_are_there():
    assert [name for name in re.findall(r"\]\((.*?)\)", TEXT) if not (PAGE.parent / name).is_file()] == []


def test_the_courses_own_server_keeps_the_append_only_file(raw):
    assert raw.config_get("append*").items() >= {"appendonly": "yes", "appendfsync": "everysec"}.items()


@steps(7)
def test_an_old_process_gives_up_no_job_of_a_new_worker(system, backend, raw):
    raw.lpush(backend.key, '{"worker": "New", "args": [1]}')
    pool = system.Processor.start(1)
    backend.join()
    pool.stop(timeout=10)
    assert backend.sizes()["dead"] == 0
    ((seconds, _),) = backend.retrying()
    assert 14 < seconds <= 25


@steps(5)
def test_what_is_taken_by_hand_and_not_acknowledged_is_dead_after_the_third_time(system, backend, eventually):
    class Note(system.Worker):
        def perform(self):
            pass

    Note.perform_queue()
    for _ in range(3):
        consumer = backend.consumer()
        consumer.get(timeout=5).perform()  # went well
        eventually(lambda: backend.recover() or not backend.in_flight())
    assert backend.sizes() | {"waiting": 0, "in flight": 0, "dead": 1} == backend.sizes()


@steps(5)
def test_a_job_that_waits_for_all_jobs_waits_for_itself(system, backend):
    counts = []

    class Waits(system.Worker):
        def perform(self):
            counts.append(backend.count())  # `join` waits until there is nothing

    Waits.perform_queue()
    pool = system.Processor.start(1)
    backend.join()
    pool.stop(timeout=10)
    assert counts == [[0, 1]]
