"""Winding a run back: from event to event, at any speed, and what stays in the notebook needs no kernel."""

import base64
import re
from pathlib import Path

import pytest
from real_kernel import Kernel

from luffy_lesson.classroom import Journey, record, replay
from luffy_lesson.classroom.page.display import HINT, WIDGET
from luffy_lesson.classroom.watch import replay as replay_module
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.live_map import still
from luffy_lesson.step1_sync import Worker

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
RUN = [
    Entry(0.0, "started", processor="Processor 0"),
    Entry(0.26, "queued", "W(1)"),
    Entry(1.01, "fetched", "W(1)", processor="Processor 0"),
    Entry(1.02, "done", "W(1)", processor="Processor 0"),
]


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, the latest last."""
    shown = []

    class Display:
        def show(self, html, text, widget=None, png=None):
            shown.append((html, text, png))

    monkeypatch.setattr(replay_module, "Display", Display)
    return shown


@pytest.fixture
def wound(shown):
    """A run that is wound back."""
    return replay(Journey(RUN, step=3))


def test_it_plays_once_and_is_told_in_a_line(wound, shown):
    ((html, text, png),) = shown
    assert (html, text, png) == ("", "A journey: 1 job: done 1.", Journey(RUN, step=3).apng())
    assert repr(wound) == text


def test_the_slider_shows_any_moment(wound, shown):
    wound.slider.value = 0.5
    html, words, png = shown[-1]
    assert (words, png) == ("W(1) was put in the queue.", None)
    assert html == still(Journey(RUN, step=3).svg(0.5, 0.3), "After 0.5 s. W(1) was put in the queue. waiting 1.")
    wound.slider.value = wound.slider.max
    assert shown[-1][1] == "Processor 0 finished W(1)."
    assert wound.slider.max == pytest.approx(1.32, abs=0.03)  # until the last job has arrived


def test_the_buttons_go_from_event_to_event_even_where_two_are_close(wound, shown):
    for expected in (0.26, 1.01, 1.02, 1.02):
        wound.forth.click()
        assert wound.at == expected
        run = Journey(RUN, step=3)
        assert shown[-1][0] == still(run.svg(expected), f"After {expected:.1f} s. {run.tells(expected)}")  # it is there
        assert wound.slider.value == pytest.approx(expected, abs=0.02)
        assert wound.play.value == round(expected / 0.025)  # from there on it plays
    for expected in (1.01, 0.26, 0.26):
        wound.back.click()
        assert wound.at == expected
    wound.slider.value = 0.9
    wound.forth.click()
    assert wound.at == 1.01


def test_events_of_one_instant_are_told_one_by_one_from_the_first_on(shown):
    run = Journey(
        [Entry(0, "queued", f"W({number})") for number in range(5)]
        + [Entry(1, "fetched", "W(0)", processor="Processor 0")],
        step=3,
    )
    wound = replay(run)
    said = [f"W({number}) was put in the queue." for number in range(5)]
    for index, words in enumerate(said):
        wound.forth.click()
        html, text, _ = shown[-1]
        assert (wound.at, text) == (0, words)
        assert html == still(run.svg(0, told=index + 1), f"After 0.0 s. {words} waiting 5.")
        assert [one.words for one in run.said(0, index + 1)] == said[: index + 1][-3:]
    wound.forth.click()
    assert (wound.at, shown[-1][1]) == (1, "Processor 0 took W(0).")
    for words in said[:1:-1]:
        wound.back.click()
        assert (wound.at, shown[-1][1]) == (0, words)
    wound.slider.value = 0.5  # all five have been
    wound.back.click()
    assert (wound.at, shown[-1][1]) == (0, said[-1])


def test_it_plays_from_where_the_slider_is_and_the_slider_follows(wound, shown):
    wound.slider.value = 0.5
    assert wound.play.value == 20
    wound.play.value += wound.play.step
    assert wound.slider.value == pytest.approx(0.6)
    assert (wound.at, len(shown)) == (pytest.approx(0.6), 3)


def test_before_a_moment_is_chosen_the_counts_are_there_as_text(wound):
    assert wound.widget.children[0].value == '<div style="white-space:pre-wrap">A journey: 1 job: done 1.</div>'


def test_a_step_shows_one_picture(wound, shown):
    wound.forth.click()
    assert len(shown) == 2


@pytest.mark.parametrize(("speed", "a_second"), [(0.25, 0.25), (0.5, 0.5), (1, 1), (2, 2), (4, 4)])
def test_at_any_speed_ten_pictures_are_drawn_a_second_at_most(wound, speed, a_second):
    wound.speed.value = speed
    assert wound.play.interval == 100
    assert 10 * wound.play.step * 0.025 == a_second


def test_by_default_it_is_what_was_noted_last_from_the_first_event_on(shown):
    with record():
        type("Note", (Worker,), {"perform": lambda self: None}).perform_now()
    wound = replay()
    assert repr(wound) == "A journey: 1 job: done 1."
    assert [(entry.at, entry.what) for entry in wound.journey.moments[:1]] == [(0.0, "called")]


def test_a_run_is_kept_and_wound_back_another_day_as_lesson_3_says(shown, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with record():
        type("Note", (Worker,), {"perform": lambda self: None}).perform_now()
    lesson = (NOTEBOOKS / "03_memory_queue.ipynb").read_text(encoding="utf-8")
    keep, again = re.findall(r"`(replay\([^`]+)`", lesson)
    exec(keep, {"replay": replay})
    replay(Journey([]))
    exec(again, {"replay": replay, "Journey": Journey})
    assert shown[-1][1] == "A journey: 1 job: done 1."


def test_without_a_board_it_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"^There is nothing to wind back yet: run some"):
        replay()


def test_in_a_notebook_the_picture_stays_where_the_moving_one_was():
    kernel = Kernel()
    try:
        kernel.run(
            f"""
            from luffy_lesson.classroom import Journey, replay
            from luffy_lesson.classroom.watch.entry import Entry
            wound = replay(Journey({RUN!r}, step=3))
            """
        )
        kernel.run("wound.slider.value = 0.5")
        shown = [m["content"] for m in kernel.messages if m["msg_type"] in ("display_data", "update_display_data")]
    finally:
        kernel.close()
    picture, controls, moved = shown
    assert base64.b64decode(picture["data"].pop("image/png")) == Journey(RUN, step=3).apng()
    assert picture["data"] == {"text/plain": "A journey: 1 job: done 1."}
    assert controls["data"]["text/plain"] == f"A journey: 1 job: done 1.\n{HINT}"
    assert WIDGET in controls["data"]
    assert moved["transient"] == picture["transient"]
    assert moved["data"]["text/html"].startswith('<img class="luffy-map" src="data:image/svg+xml;base64,')
    assert moved["data"]["text/plain"] == "W(1) was put in the queue."
