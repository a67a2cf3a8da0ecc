"""The small engine: whatever an adapter is to be told, the engine itself does."""

import multiprocessing
import os
import signal
import sqlite3

import pytest

from luffy_lesson.classroom.experiments.small_engine import Errand, Tray


@pytest.fixture
def clock(monkeypatch):
    """What puts the clock of all trays on."""
    plain, ahead = Tray.clock, [0]
    monkeypatch.setattr(Tray, "clock", lambda tray: plain(tray) + ahead[0])
    return lambda milliseconds: ahead.append(ahead.pop() + milliseconds)


@pytest.fixture
def tray(tmp_path):
    return Tray(str(tmp_path / "tray.db"))


def run(tray, **options):
    """Run what is ready; return what was handed out."""
    found = []
    tray.run(lambda errand: found.append(errand.details), **options)
    return found


def test_errands_are_run_in_their_order_and_once(tray):
    tray.add(Errand("post", "letter"), Errand("post", "parcel"))
    assert [errand.details for errand in Tray(tray.path).look()] == ["letter", "parcel"]
    assert run(tray) == ["letter", "parcel"]
    assert run(tray) == tray.look() == []


def test_all_are_added_or_none(tray):
    with pytest.raises(sqlite3.IntegrityError):
        tray.add(Errand("post", "letter"), Errand("post", None))
    assert tray.look() == []


def test_an_errand_is_not_run_before_its_time(tray, clock):
    tray.add(Errand("post", "later", tray.clock() + 1000), Errand("post", "now"))
    assert (tray.count("ready"), tray.count("later")) == (1, 1)
    assert run(tray) == ["now"]
    clock(999_000)
    assert run(tray) == ["later"]


def test_one_that_fails_waits_for_each_of_its_pauses_and_is_dead_then(tray, clock):
    tray.add(Errand("post", "letter", pauses=(100_000, 200_000)))

    def fails(errand):
        raise ValueError(errand.details)

    for seconds, after in [(0, "later"), (50, "later"), (60, "later"), (100, "later"), (150, "dead"), (9999, "dead")]:
        clock(seconds * 1000)
        tray.run(fails, "after")
        assert tray.count(after) == len(tray.look()) == 1
    assert run(tray) == []


def killed(path, settle):
    """Take an errand, and die with it."""
    Tray(path).run(lambda errand: os.kill(os.getpid(), signal.SIGKILL), settle, 60_000)


@pytest.mark.parametrize(("settle", "comes_back"), [("before", []), ("after", ["letter"])])
def test_an_errand_of_a_process_that_was_killed_comes_back_if_it_was_not_settled_before(
    tray, clock, settle, comes_back
):
    tray.add(Errand("post", "letter"))
    process = multiprocessing.get_context("fork").Process(target=killed, args=[tray.path, settle])
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert tray.count("taken") == len(comes_back)
    assert run(tray) == []
    clock(61_000)
    assert run(tray) == comes_back
