"""What a learner reads on a board: its lanes and counts, in words as well as in colours."""

import re
import threading
import time
from html import unescape

import pytest
from nbval.plugin import get_sanitize_patterns

from luffy_lesson.classroom.watch.board_html import MOST_LANES, MOST_TOKENS, describe, draw
from luffy_lesson.classroom.watch.events import Began, Ended, Started
from luffy_lesson.classroom.watch.record import Kept, Record, States
from luffy_lesson.launcher.store import SANITIZE

RULES = SANITIZE.read_text()
EVIL = "<script>alert('&')</script>"


@pytest.fixture
def record():
    return Record()


@pytest.fixture
def running():
    """Make threads that run until the end of the test."""
    go = threading.Event()
    threads = []

    def make(name="Processor 0"):
        threads.append(threading.Thread(target=go.wait, name=name))
        threads[-1].start()
        return threads[-1]

    yield make
    go.set()
    for thread in threads:
        thread.join()


def begin(record, thread, job="W(3)", seconds=None, ago=0.0):
    record.take(Began(thread, job, seconds, None, time.monotonic() - ago))


def end(record, thread, error=None):
    record.take(Ended(thread, error, time.monotonic()))


def lanes(html):
    """The lanes of a board as a learner reads them, without the bars."""
    return [row for row in rows(html.partition('<div class="luffy-kept"')[0]) if row]


def rows(html):
    """What is in the cells of each row, without the bars."""
    found = re.findall(r'<div class="luffy-(?:lane|row)"[^>]*>(.*?)</div>', html)
    cells = [re.split('(?<=</span>) (?=<span class="luffy-(?:bar|text|tally|due)")', row) for row in found]
    texts = [[unescape(re.sub("<[^>]*>", "", cell)) for cell in row if "luffy-bar" not in cell] for row in cells]
    return [" | ".join(row).removesuffix(" | ") for row in texts]


def bar(html):
    """The left edge and the width of the bar of the only lane, in percent."""
    return tuple(map(int, re.search(r"left: (\d+)%; width: (\d+)%", html).groups()))


def words(html):
    return unescape(re.sub("<[^>]*>", " ", html))


def test_a_board_without_lanes_says_so(record):
    assert "nobody has worked in this process yet" in words(draw(record, 0, live=True))


def test_processors_that_wait_for_jobs_are_idle_and_those_that_have_ended_are_stopped(record, running):
    over = threading.Thread(target=int, name="Processor 1")
    over.start()
    over.join()
    record.take(Started([running(), over], processors=True))
    assert lanes(draw(record, 0, live=True)) == ["Processor 0 | idle", "Processor 1 | stopped"]


def test_a_lane_names_the_job_in_hand_and_its_time_grows(record, running):
    thread = running()
    begin(record, thread, ago=1.5)
    assert lanes(draw(record, 0, live=True)) == ["Processor 0 | W(3) 1.5 s"]
    begin(record, thread, ago=12)
    assert lanes(draw(record, 0, live=True)) == ["Processor 0 | W(3) 12.0 s"]


def test_the_bar_fills_when_the_worker_says_how_long_it_takes_and_stays_full(record, running):
    thread = running()
    widths = []
    for ago in (0, 1, 2, 4, 9):
        begin(record, thread, seconds=4.0, ago=ago)
        widths.append(bar(draw(record, 0, live=True)))
    assert widths == [(0, 0), (0, 25), (0, 50), (0, 100), (0, 100)]


def test_the_bar_moves_to_and_fro_when_nobody_says_how_long_it_takes(record, running):
    thread = running()
    places = []
    for ago in (0, 1, 2, 3, 4):
        begin(record, thread, ago=ago)
        places.append(bar(draw(record, 0, live=True)))
    assert places == [(0, 20), (40, 20), (80, 20), (40, 20), (0, 20)]


def test_a_failed_job_has_a_sign_and_the_last_line_of_its_error_beside_its_colour(record, running):
    thread = running()
    record.take(Started([thread], processors=True))
    begin(record, thread)
    end(record, thread, "ValueError: no such file")
    html = draw(record, 0, live=True)
    assert lanes(html) == ["Processor 0 | ✗ W(3): ValueError: no such file | ✗ 1"]
    assert re.search('<span class="luffy-fail" style="[^"]*#[^"]*">✗ failed <b>1</b>', html)
    assert re.search('class="luffy-failed" style="background:[^"]*#', html)


def test_a_failure_stays_to_be_read_when_its_lane_has_gone_on(record, running):
    thread = running()
    record.take(Started([thread], processors=True))
    for number, error in enumerate(["KeyError: 1", None, "KeyError: 2", None, "KeyError: 3", "KeyError: 4", None]):
        begin(record, thread, f"W({number})")
        end(record, thread, error)
    html = draw(record, 0, live=True)
    assert lanes(html) == ["Processor 0 | idle | ✓ 3  ✗ 4"]
    told = re.findall(r'<div class="luffy-fail"[^>]*>(.*?)</div>', html)
    told = [re.sub("<[^>]*>", "", text) for text in told]
    assert told == [f"✗ Processor 0: W({number}): KeyError: {key}" for number, key in ((2, 2), (4, 3), (5, 4))]


def test_the_lane_of_a_thread_for_one_job_says_that_it_is_done(record):
    thread = threading.Thread(target=int, name="Thread-1 (perform_now)")
    begin(record, thread, ago=2.0)
    end(record, thread)
    assert lanes(draw(record, 0, live=True)) == ["Thread-1 | ✓ W(3) 2.0 s"]


def test_nothing_that_a_learner_writes_is_html(record, running):
    thread = running(EVIL)
    begin(record, thread, EVIL)
    drawn = [draw(record, f"? ({EVIL})", live=True)]
    end(record, thread, EVIL)
    drawn.append(draw(record, 0, live=True))
    begin(record, thread, EVIL)
    drawn.append(draw(record, 0, live=True))
    assert not any("<script" in html for html in drawn)
    assert all("&lt;script&gt;alert(" in html for html in drawn)


def test_the_counts_are_told_in_words(record, running):
    one, two = running(), running("Processor 1")
    begin(record, one)
    begin(record, two)
    end(record, two, "no")
    said = re.sub(r"\s+", " ", words(draw(record, 7, live=True)))
    assert said.strip().startswith("waiting 7 in hand 1 ✓ done 0 ✗ failed 1 ")


@pytest.mark.parametrize(
    ("waiting", "tokens"),
    [(0, ""), (3, "■■■"), (MOST_TOKENS, "■" * MOST_TOKENS), (MOST_TOKENS + 9, "■" * MOST_TOKENS + " + 9"), ("?", "")],
)
def test_what_waits_is_a_row_of_tokens(record, waiting, tokens):
    (shown,) = re.findall(r'<div class="luffy-tokens"[^>]*>(.*?)</div>', draw(record, waiting, live=True))
    assert shown == tokens


def test_more_than_twenty_lanes_are_summed_up(record, running):
    for number in range(MOST_LANES + 5):
        begin(record, running(f"Processor {number}"), EVIL)
    for thread in list(record.lanes)[:3]:
        end(record, thread)
    end(record, list(record.lanes)[3], EVIL)
    html = draw(record, 0, live=True)
    assert lanes(html) == []
    assert f"{MOST_LANES + 5} lanes: {MOST_LANES + 1} at work ■, 1 failed ✗, 3 idle ·" in words(html)
    assert "✗ Processor 3: " + EVIL in unescape(re.sub("<[^>]*>", "", html))
    assert "<script" not in html


def test_twenty_lanes_are_all_shown(record, running):
    record.take(Started([running(f"Processor {number}") for number in range(MOST_LANES)], processors=True))
    assert len(lanes(draw(record, 0, live=True))) == MOST_LANES


def test_only_a_live_board_with_jobs_in_hand_can_say_that_news_are_missing(record, running):
    thread = running()
    assert "No news" not in draw(record, 0, live=True)
    begin(record, thread)
    assert "No news" in draw(record, 0, live=True)
    assert "No news" not in draw(record, 0, live=False)


def test_long_names_and_errors_are_cut(record, running):
    thread = running("P" * 500)
    begin(record, thread, "W" * 500)
    assert max(map(len, lanes(draw(record, 0, live=True))[0].split(" | "))) < 60
    end(record, thread, "E" * 500)
    assert max(map(len, lanes(draw(record, 0, live=True))[0].split(" | "))) < 150


# what a backend keeps outside its queue


def kept(html):
    """The rows of the jobs that the backend keeps, as a learner reads them; None where there is no room for them."""
    _, kept, html = html.partition('<div class="luffy-kept"')
    if not kept:
        return None
    return rows(html) or [unescape(text) for text in re.findall('<div class="luffy-quiet"[^>]*>(.*?)</div>', html)]


def counts(html):
    return re.sub(r"\s+", " ", words(html.split('<div class="luffy-tokens"')[0])).strip()


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({}, "waiting 3 in hand 1 ✓ done 0 ✗ failed 0 0.0 jobs/s"),
        ({"dead": 0, "in flight": 4}, "waiting 3 in flight 4 dead 0 ✓ done 0 ✗ failed 0 0.0 jobs/s"),
        (
            {"in flight": 4, "dead": 2, "scheduled": 5, "retrying": 6},
            "waiting 3 in flight 4 scheduled 5 retrying 6 dead 2 ✓ done 0 ✗ failed tries 0 0.0 tries/s",
        ),
        ({"in flight": "?", "dead": "?"}, "waiting 3 ✓ done 0 ✗ failed 0 0.0 jobs/s"),
    ],
    ids=["none", "step 5", "step 7", "unknown"],
)
def test_the_counts_tell_the_states_that_the_backend_knows_and_no_others(record, running, sizes, says):
    begin(record, running())
    record.states = States(sizes)
    assert counts(draw(record, 3, live=True)) == says


def test_jobs_for_later_have_a_countdown_and_retries_their_number_and_the_dead_their_reason(record):
    jobs = (
        Kept("scheduled", "Hello('Ada')", 3.21),
        Kept("retrying", "Visit(7)", 1.4, 2, "OSError: 429"),
        Kept("dead", "Visit(8)", 0.0, 5, "OSError: 500"),
        Kept("dead", "Odd()", 0.0, None, ""),
    )
    record.states = States({"scheduled": 1, "retrying": 1, "dead": 2}, jobs, names=True)
    assert kept(draw(record, 0, live=True)) == [
        "scheduled | in 3.2 s | Hello('Ada')",
        "retrying | try 3 in 1.4 s | Visit(7): OSError: 429",
        "dead | after 5 tries | Visit(8): OSError: 500",
        "dead |  | Odd()",
    ]


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-2, "now"),
        (0.04, "in 0.0 s"),
        (59.94, "in 59.9 s"),
        (119.9, "in 1 min 59 s"),
        (3600 * 5, "in 5 h"),
        (86400 * 21, "in 21 days"),
    ],
)
def test_a_countdown_is_told_in_the_unit_that_fits(record, seconds, says):
    record.states = States({"scheduled": 1}, (Kept("scheduled", "W()", seconds),), names=True)
    assert kept(draw(record, 0, live=True)) == [f"scheduled | {says} | W()"]


def test_a_board_to_which_no_news_come_tells_the_time_of_day_and_no_countdown(record, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: time.mktime((2026, 11, 25, 9, 59, 58, 0, 0, -1)))
    jobs = Kept("scheduled", "W()", 2), Kept("retrying", "W()", 2, 1), Kept("scheduled", "W()", 86400 * 3)
    record.states = States({"scheduled": 1, "retrying": 1}, jobs, names=True)
    told = kept(draw(record, 0, live=False))
    assert [row.split(" | ")[1] for row in told] == ["at 10:00:00", "try 2 at 10:00:00", "on 2026-11-28"]


def test_there_is_room_for_four_of_which_each_state_has_some(record):
    def rows(**numbers):
        jobs = [Kept(state, "W()", 1.0, 1) for state, number in numbers.items() for _ in range(number)]
        record.states = States(numbers, tuple(jobs), names=True)
        return [row.split(" | ")[0] for row in kept(draw(record, 0, live=True))]

    assert rows(scheduled=4, retrying=4, dead=4) == ["scheduled", "retrying", "retrying", "dead"]
    assert rows(scheduled=4, retrying=0, dead=1) == ["scheduled", "scheduled", "scheduled", "dead"]
    assert rows(scheduled=9) == ["scheduled"] * 4


def test_room_is_kept_for_a_backend_that_can_name_jobs_and_for_no_other(record):
    for sizes in ({}, {"in flight": 1, "dead": 1}):
        record.states = States(sizes)
        assert kept(draw(record, 0, live=True)) is None
    record.states = States({"in flight": 1, "scheduled": 0, "dead": 0}, names=True)
    assert kept(draw(record, 0, live=True)) == ["no job is scheduled or dead"]
    record.states = States({"scheduled": "?"}, names=True)
    assert kept(draw(record, 0, live=True)) == []


def test_failures_that_are_tried_again_are_told_once(record, running):
    thread = running()
    begin(record, thread)
    end(record, thread, "KeyError: 1")
    begin(record, thread, "next")
    assert "KeyError" in draw(record, 0, live=True)
    record.states = States({"retrying": 1}, (Kept("retrying", "W(3)", 1.0, 1, "KeyError: 1"),), names=True)
    assert draw(record, 0, live=True).count("KeyError") == 1


def test_news_are_missed_while_a_countdown_should_move(record):
    for seconds, missed in ((5, True), (-1, False), (86400, False)):
        record.states = States({"scheduled": 1}, (Kept("scheduled", "W()", seconds),), names=True)
        assert ("No news" in draw(record, 0, live=True)) == missed


def test_nothing_that_is_kept_is_html(record):
    record.states = States({"retrying": 1}, (Kept("retrying", EVIL, 1.0, 1, EVIL),), names=True)
    html = draw(record, 0, live=True)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2


# what stays in a notebook


def sanitized(text):
    for pattern, replacement in get_sanitize_patterns(RULES):
        text = re.sub(pattern, replacement, text)
    return text


def finished(order, errors, ago, number):
    """The board of a run in which two processors and a thread of its own have had jobs: any of them may fail."""
    record = Record()
    threads = [threading.Thread(target=int, name=name) for name in ("Processor 0", "Processor 1", f"Thread-{number}")]
    record.take(Started(threads[:2], processors=True))
    record.take(Started(threads[2:], processors=False))
    for which in order:
        begin(record, threads[which], ago=ago)
        end(record, threads[which], errors.get(which))
    later = Kept("scheduled", "W()", ago), Kept("dead", "W()", 0.0, 2, "no")
    record.states = States({"scheduled": 1, "retrying": 0, "dead": 1}, later, names=True)
    return draw(record, 0, live=False), describe(record, 0)


def test_a_finished_board_says_the_same_of_every_run_but_for_what_is_overlooked():
    one = finished([0, 1, 0, 2], {1: "no"}, ago=2.0, number=5)
    two = finished([2, 1, 1, 0], {0: "not so"}, ago=3.3, number=17)
    assert one != two
    assert list(map(sanitized, one)) == list(map(sanitized, two))


@pytest.mark.parametrize(
    "change",
    [{"✓ done <b>3": "✓ done <b>4"}, {"Processor 1": "Processor 2"}, {"dead <b>1": "dead <b>0"}, {">W()": ">V()"}],
    ids=str,
)
def test_what_is_the_same_in_every_run_is_not_overlooked(change):
    html, _ = finished([0, 1, 0, 2], {1: "no"}, ago=2.0, number=5)
    ((before, after),) = change.items()
    assert before in html
    assert sanitized(html) != sanitized(html.replace(before, after))


def test_a_finished_board_needs_no_style_sheet_and_never_misses_news():
    html, _ = finished([0, 1, 0, 2], {1: "no"}, ago=2.0, number=5)
    assert "<style" not in html
    classes = re.findall(r'class="([^"]*)"( style="[^"]+")?', html)
    assert [name for name, style in classes if not style] == []


def test_the_counts_are_told_as_text_where_there_is_no_html(record, running):
    begin(record, running())
    assert describe(record, 3) == "A board: waiting 3, in hand 1, ✓ done 0, ✗ failed 0."
    record.states = States({"in flight": 1, "retrying": 0, "dead": 2})
    assert describe(record, 3) == "A board: waiting 3, in flight 1, retrying 0, dead 2, ✓ done 0, ✗ failed tries 0."
