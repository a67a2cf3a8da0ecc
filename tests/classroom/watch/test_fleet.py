"""The fleet: what a learner reads, that it is live and comes to rest, and that nothing of one run is stored."""

import json
import re
import threading
import time
from html import unescape

import pytest
from nbval.plugin import get_sanitize_patterns
from served import busy, dead

from luffy_lesson.classroom import fleet, lesson
from luffy_lesson.classroom.watch import fleet as fleet_module
from luffy_lesson.classroom.watch.fleet import Fleet
from luffy_lesson.launcher.store import SANITIZE, _kept
from luffy_lesson.step3_memory_queue import Luffy


@pytest.fixture
def ship(backend):
    """The fleet of an empty backend."""
    Luffy.backend = backend
    return fleet()


def read(fleet):
    """What a learner reads on it."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", fleet.html)).split())


def click(fleet, name, chosen):
    """Choose the one whose name begins so, press a button, and return what it says then."""
    for choice in (fleet._processes, fleet._dead):
        choice.index = next(
            (n for n, (label, _) in enumerate(choice.options) if label.startswith(chosen)), choice.index
        )
    (button,) = (one for one in fleet._buttons if one.description == name)
    button.click()
    return unescape(re.sub("<[^>]*>", "", fleet._said.value))


def test_it_shows_queues_processes_and_counts(ship, raw, register, bury, eventually):
    assert "no process takes jobs" in read(ship)
    raw.lpush("luffy:queue", json.dumps({"worker": "Note", "args": [], "enqueued_at": time.time() - 75}))
    raw.zadd("luffy:queue:scheduled", {b"a": time.time() + 60, b"b": time.time() + 60})
    bury(dead(1))
    register("ship:1:a", busy=[busy("Processor 2", b'{"worker": "Note", "args": [3]}', 70)], quiet=True)
    eventually(lambda: "ship:4711" in read(ship) and "scheduled 2 retrying 0 ✗ dead 1 expired 0" in read(ship))
    assert re.search(r"default 1 1 min \d+ s process", read(ship))
    assert re.search(r"ship:4711 default 1 of 5 Note\(3\) Processor 2 , for 1 min \d+ s 1 h 1 min quiet$", read(ship))
    assert ship.text == (
        "A fleet: waiting default 1; 1 process, 1 of 5 processors busy; scheduled 2, retrying 0, dead 1, expired 0."
    )


def test_its_buttons_do_what_they_say(ship, raw, register, bury, eventually):
    bury(dead(1), dead(2), dead(3))
    register("ship:1:a")
    eventually(lambda: len(ship._dead.options) == 4 and len(ship._processes.options) == 2)
    assert click(ship, "Delete", "none of them") == click(ship, "Quiet", "none of them") == "Choose one first."
    assert click(ship, "Retry", "Note(1)") == "Note(1) is back in the queue default."
    assert click(ship, "Delete", "Note(2)") == "Note(2) is deleted."
    assert click(ship, "Quiet", "ship").startswith("ship:4711 was asked to take no more jobs.")
    assert [json.loads(payload)["args"] for payload in raw.lrange("luffy:queue", 0, -1)] == [[1]]
    assert raw.zcard("luffy:queue:dead") == 1
    assert raw.hgetall("luffy:queue:processes:told") == {b"ship:1:a": b"quiet"}


def test_when_the_chosen_job_is_gone_no_other_is_chosen_and_the_click_says_so(backend, raw, bury, monkeypatch):
    monkeypatch.setattr(fleet_module, "EVERY", 60)
    entries = [dead(1), dead(2)]
    bury(*entries)
    ship = fleet(backend)
    ship._dead.index = 1
    raw.zrem("luffy:queue:dead", entries[0])  # and it is not drawn in between
    ship._buttons[2].click()
    assert "That job is not among the dead any more" in ship._said.value
    assert raw.zcard("luffy:queue:dead") == 1
    assert ship._dead.label == "choose one"


def test_what_was_chosen_stays_chosen_while_others_come(ship, bury, eventually):
    entries = [dead(1), dead(2)]
    bury(*entries)
    eventually(lambda: len(ship._dead.options) == 3)
    ship._dead.index = 2
    bury(dead(9), *entries)
    eventually(lambda: len(ship._dead.options) == 4)
    with ship._lock:
        assert ship._dead.label.startswith("Note(2)")
    assert click(ship, "Delete", "Note(2)") == "Note(2) is deleted."


def test_a_page_is_told_at_once_what_is_offered_and_what_of_it_is_chosen(monkeypatch):
    told, choice = [], fleet_module.choice("dead")
    fleet_module.choose(choice, [("one", "1"), ("two", "2")])
    choice.index = 2
    monkeypatch.setattr(type(choice), "send_state", lambda self, key=None: told.append(({*key}, self.label)))
    fleet_module.choose(choice, [("zero", "0"), ("one", "1"), ("two", "2")])
    assert [(key >= {"_options_labels", "index"}, label) for key, label in told] == [(True, "two")]


def test_it_comes_to_rest_when_it_is_closed_when_another_opens_and_with_a_fresh_lesson(ship, backend, raw):
    thread, html = ship._thread, ship.html
    with fleet(backend) as other:
        assert not thread.is_alive()
        raw.lpush("luffy:queue", "{}")
    assert "default 1" in read(other)
    assert ship.html == html
    other.close()
    last = fleet(backend)
    lesson.fresh(3)
    assert not last._thread.is_alive()
    assert [thread.name for thread in threading.enumerate() if thread.name == "Fleet"] == []


def test_a_server_that_is_away_is_told_and_what_was_seen_last_stays(server, monkeypatch, eventually):
    from luffy_lesson.host.steps import step

    monkeypatch.setenv("REDIS_URL", f"{server.start()}/0")
    ship = fleet(step().RedisBackend())
    server.stop()
    eventually(lambda: "✗ ConnectionError" in ship._picture.value)
    assert "no process takes jobs" in ship._picture.value
    server.start()
    eventually(lambda: "✗" not in ship._picture.value)
    server.stop()
    ship.close()
    assert "no process takes jobs" in ship.html


def test_hostile_jobs_are_text(ship, raw, register, bury, eventually):
    evil = "<script>alert(1)</script>"
    bury(json.dumps({"worker": evil, "args": ["\u202e"]}).encode(), b"N" * 2**20)
    register(
        "ship:1:a", host=f'">{evil}', queues={evil: None}, busy=[busy(evil, f'{{"worker": "{evil}"}}'.encode(), 0)]
    )
    eventually(lambda: len(ship._dead.options) == 3 and "1 of 5" in read(ship))
    click(ship, "Delete", "<script>")
    for text in (ship.html, ship._picture.value, ship._said.value):
        assert "<script" not in text
        assert "\u202e" not in text
    assert len(ship.html) < 10_000
    assert all(len(option) < 300 for option, _ in ship._dead.options)


@pytest.mark.parametrize("backend", [None, object()])
def test_a_backend_that_knows_no_processes_is_refused(backend):
    with pytest.raises(TypeError, match=r"knows no processes: use the RedisBackend of step 10, or of a later step\.$"):
        fleet(backend)
    assert Fleet.open is None


def test_what_is_stored_of_two_runs_is_the_same_and_names_no_process(backend, raw, register):
    raw.lpush("luffy:queue", "{}")
    stored = []
    for host, processor, ago in (("ship", "Processor 0", 70), ("boat", "Processor 1", 5000)):
        job = busy(processor, b'{"worker": "Note", "args": [3]}', ago)
        register("ship:1:a", host=host, pid=ago, started=time.time() - ago, busy=[job])
        with fleet(backend) as ship:
            assert f"{host}:{ago}" in read(ship)
        stored.append(sanitized(_kept(ship.html)))
        assert not re.search(f"{host}|{processor}", stored[-1])
        assert ">…<" in _kept(ship.html)
    assert stored[0] == stored[1]
    assert ship.text == (
        "A fleet: waiting default 1; 1 process, 1 of 5 processors busy; scheduled 0, retrying 0, dead 0, expired 0."
    )


def sanitized(text):
    """A text without what validation overlooks."""
    for pattern, replacement in get_sanitize_patterns(SANITIZE.read_text()):
        text = re.sub(pattern, replacement, text)
    return text
