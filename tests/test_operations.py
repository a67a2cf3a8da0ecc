"""What the page `notebooks/operations.md` says of this system; what it says of servers has no test here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reliable import steps

from luffy_lesson.launcher.supervisor import Supervisor
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


@steps(5)
def test_a_timeout_in_the_address_changes_nothing(system, backend, redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"{redis_url}?socket_timeout=9")
    both = backend, system.RedisBackend()
    assert [each.redis.get_connection_kwargs()["socket_timeout"] for each in both] == [2, 2]


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


@steps(9)
def test_a_queue_from_which_nobody_takes_is_listed_with_how_long_its_next_job_has_waited(system, backend, eventually):
    class Mail(system.Worker):
        queue = "mail"

        def perform(self):
            pass

    Mail.perform_queue()
    pool = system.Processor.start(1)
    backend.join()
    pool.stop(timeout=10)
    assert backend.lengths() == {"default": 0, "mail": 1}
    eventually(lambda: backend.latencies()["mail"] > 0)


def block(language):
    """The one block of code on the page in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return found


def test_what_kills_waits_for_longer_than_the_deadline_and_what_comes_after():
    deadlines = {int(number) for number in re.findall(r'--deadline"?,? "?([0-9]+)', TEXT)}
    waits = re.findall("(?:TimeoutStopSec=|--time |stop_grace_period: |terminationGracePeriodSeconds: )([0-9]+)", TEXT)
    assert deadlines == {25}
    assert len(waits) == 4
    assert min(map(int, waits)) > 25 + Supervisor.margin


def test_the_command_in_the_dockerfile_is_no_shells():
    assert '\nCMD ["python", "-m", "luffy_lesson", "work", ' in block("dockerfile")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    unit = block("ini").replace("/srv/shop/.venv/bin/python", sys.executable).replace("/srv/shop", str(tmp_path))
    (tmp_path / "shop.service").write_text(unit.replace("User=shop", "User=root"))
    command = ["systemd-analyze", "verify", "--man=no", tmp_path / "shop.service"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
