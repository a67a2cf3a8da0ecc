"""The website serves a few at a time, refuses the others, and counts right every time."""

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from luffy_lesson.classroom import Website


@pytest.fixture(autouse=True)
def no_thread_left():
    """A site that is closed leaves no thread behind."""
    before = set(threading.enumerate())
    yield
    Website.close_open()
    assert set(threading.enumerate()) <= before


def visit_at_once(site, visitors):
    """Let all of `visitors` visit at the same moment, and return the answers."""
    together = threading.Barrier(visitors)

    def visit(_):
        together.wait(timeout=10)
        return site.visit()

    with ThreadPoolExecutor(visitors) as threads:
        return list(threads.map(visit, range(visitors)))


def test_of_twenty_visits_at_once_five_are_served():
    site = Website()
    answers = visit_at_once(site, 20)
    assert str(site) == "visits 20, served 5, refused 15, most served at once 5"
    assert sorted(answers) == ["200 OK"] * 5 + ["429 Too Many Requests"] * 15


def test_of_twenty_visits_by_five_visitors_in_turn_all_are_served():
    site = Website(seconds=0.05)
    with ThreadPoolExecutor(5) as visitors:
        answers = list(visitors.map(lambda _: site.visit(), range(20)))
    assert str(site) == "visits 20, served 20, refused 0, most served at once 5"
    assert set(answers) == {"200 OK"}


def test_at_once_says_how_many_are_served():
    site = Website(at_once=2)
    visit_at_once(site, 6)
    assert str(site) == "visits 6, served 2, refused 4, most served at once 2"


def test_one_visitor_alone_is_served_and_counted():
    site = Website(seconds=0)
    assert [site.visit() for _ in range(3)] == ["200 OK"] * 3
    assert str(site) == "visits 3, served 3, refused 0, most served at once 1"


@pytest.mark.parametrize("seconds", [0.1, 0.4])
def test_seconds_says_how_long_a_visit_takes(seconds):
    site = Website(seconds=seconds)
    start = time.monotonic()
    site.visit()
    assert seconds <= time.monotonic() - start < seconds + 5


def test_a_refusal_comes_at_once():
    site = Website(seconds=30, at_once=0)
    start = time.monotonic()
    assert site.visit() == "429 Too Many Requests"
    assert time.monotonic() - start < 10


def test_a_closed_site_refuses():
    with Website(seconds=0) as site:
        site.visit()
    with pytest.raises(OSError, match=r"."):
        site.visit()
    assert Website.open is None


def test_closing_twice_does_no_harm():
    site = Website()
    site.close()
    site.close()


def test_opening_another_site_closes_the_one_before():
    first = Website(seconds=0)
    second = Website(seconds=0)
    with pytest.raises(OSError, match=r"."):
        first.visit()
    assert second.visit() == "200 OK"
    first.close()
    assert Website.open is second


def test_closing_ends_the_visits_at_once(eventually):
    site = Website(seconds=60)
    with ThreadPoolExecutor(3) as visitors:
        visits = [visitors.submit(site.visit) for _ in range(3)]
        eventually(lambda: site.visits == 3)
        start = time.monotonic()
        site.close()
        assert [visit.result(timeout=10) for visit in visits] == ["200 OK"] * 3
        assert time.monotonic() - start < 10


def test_closing_does_not_wait_for_a_visitor_who_asks_for_nothing():
    # Browsers open a spare connection or two.
    site = Website(seconds=0)
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2].strip("/")))) as idle:
        site.visit()  # a later visit is served, so the site has accepted the idle one
        start = time.monotonic()
        site.close()
        assert time.monotonic() - start < 10
        assert idle


def test_the_site_is_on_loopback_only():
    assert Website().url.startswith("http://127.0.0.1:")


def test_a_script_that_has_a_site_open_ends_with_its_main_thread(environment):
    program = "from luffy_lesson.classroom import Website; print(Website(seconds=0).visit())"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "200 OK\n", "")
