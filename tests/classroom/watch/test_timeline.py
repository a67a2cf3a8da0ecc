"""The picture of a run says in words and bars what the board knows."""

import threading

import pytest
from matplotlib.colors import same_color

from luffy_lesson.classroom.page.palette import FAIL, PAPER, WAIT, WORK
from luffy_lesson.classroom.watch.events import Began, Ended, Queued, Started
from luffy_lesson.classroom.watch.record import Record
from luffy_lesson.classroom.watch.timeline import MOST_ROWS, Timeline

PNG = b"\x89PNG\r\n"


def run(lanes, jobs, opened=100.0):
    """A record of `lanes`, and of `jobs` as (lane, queued, taken, finished, error), in seconds."""
    record = Record(opened=opened)
    threads = {name: threading.Thread(target=int, name=name) for name in lanes}
    processors = [thread for name, thread in threads.items() if name.startswith("Processor")]
    record.take(Started(processors, processors=True))
    for at in sorted(queued for _, queued, *_ in jobs if queued is not None):
        record.take(Queued(opened + at))
    for lane, queued, taken, finished, error in jobs:
        since = None if queued is None else opened + queued
        record.take(Began(threads[lane], f"W({taken})", None, since, opened + taken))
        record.take(Ended(threads[lane], error, opened + finished))
    return record


def title(record):
    return Timeline(record).get_suptitle()


def bars(picture, colour):
    """The bars of a colour, as (lane, from, to)."""
    axes = picture.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    return [
        (names[round(path.vertices[:, 1].mean())], *map(float, (path.vertices[:, 0].min(), path.vertices[:, 0].max())))
        for collection in axes.collections
        if same_color(collection.get_facecolor()[0], colour)
        for path in collection.get_paths()
    ]


def five_processors():
    """Twenty jobs of 3 s, by five processors."""
    return [(f"Processor {n % 5}", 0, 3 * (n // 5), 3 * (n // 5) + 3, None) for n in range(20)]


def test_the_title_says_what_it_took_and_what_it_would_have_taken():
    assert title(run([f"Processor {n}" for n in range(5)], five_processors())) == (
        "20 jobs, 5 processors: 12 s; one after another it would be 60 s"
    )


@pytest.mark.parametrize(
    ("lanes", "jobs", "says"),
    [
        (["Processor 0"], [("Processor 0", 0, 1, 2.25, None)], "1 job, 1 processor: 1.2 s"),
        (
            ["Thread-1 (perform_now)", "Thread-2 (perform_now)"],
            [("Thread-1 (perform_now)", None, 0, 5, None), ("Thread-2 (perform_now)", None, 0, 5, "no")],
            "2 jobs, 2 threads: 5 s; 1 failed",
        ),
        (["Processor 0", "mine"], [("mine", None, 1, 2, "no")], "1 job, 2 lanes: 1 s; 1 failed"),
        (["Processor 0", "Processor 1"], [], "No job was finished."),
        ([], [], "No job was finished."),
    ],
)
def test_the_title_is_a_sentence(lanes, jobs, says):
    assert title(run(lanes, jobs)).startswith(says)


def test_work_of_the_main_thread_is_that_of_a_caller():
    record = Record(opened=100.0)
    for second in range(5):
        record.take(Began(threading.main_thread(), "W(1)", None, None, 100 + second))
        record.take(Ended(threading.main_thread(), None, 101 + second))
    assert title(record) == "5 jobs, 1 caller: 5 s"
    assert bars(Timeline(record), WORK) == [("main thread", second, second + 1) for second in range(5)]


def test_each_job_is_a_bar_on_its_lane_with_its_wait_before_it():
    jobs = [("Processor 0", 0, 1, 3, None), ("Processor 1", 0.5, 2, 4, None), ("Processor 0", None, 3, 4, None)]
    picture = Timeline(run(["Processor 0", "Processor 1"], jobs))
    assert sorted(bars(picture, WORK)) == [("Processor 0", 1, 3), ("Processor 0", 3, 4), ("Processor 1", 2, 4)]
    assert sorted(bars(picture, WAIT)) == [("Processor 0", 0, 1), ("Processor 1", 0.5, 2)]


def test_what_waited_before_the_board_was_opened_begins_at_the_edge():
    picture = Timeline(run(["Processor 0"], [("Processor 0", -60, 1, 2, None)]))
    assert bars(picture, WAIT) == [("Processor 0", 0, 1)]
    assert picture.axes[0].get_xlim()[0] == 0


def test_failures_are_hatched_and_have_a_sign():
    jobs = [("Processor 0", 0, 1, 1, "no"), ("Processor 0", 0, 2, 4, None)]
    picture = Timeline(run(["Processor 0"], jobs))
    (failed,) = [found for found in picture.axes[0].collections if found.get_hatch()]
    assert same_color(failed.get_facecolor()[0], PAPER)
    assert same_color(failed.get_edgecolor()[0], FAIL)
    (signs,) = [line for line in picture.axes[0].lines if len(line.get_xdata())]
    assert (list(signs.get_xdata()), signs.get_marker()) == ([1], "$✗$")
    assert "failed" in [text.get_text() for text in picture.legends[0].get_texts()]


def test_without_failures_and_without_a_queue_the_picture_does_not_speak_of_them():
    name = "Thread-1 (perform_now)"
    picture = Timeline(run([name], [(name, None, 1, 2, None)]))
    assert [text.get_text() for text in picture.legends[0].get_texts()] == ["in hand"]
    assert len(picture.axes) == 1


def test_the_length_of_the_queue_is_drawn_below():
    jobs = [("Processor 0", 0, n, n + 1, None) for n in range(1, 4)]
    _, below = Timeline(run(["Processor 0"], jobs)).axes
    assert below.get_ylabel() == "waiting"
    corners = {tuple(map(float, corner)) for corner in below.collections[0].get_paths()[0].vertices}
    assert {(0, 3), (1, 3), (1, 2), (2, 2), (2, 1), (3, 1), (3, 0)} <= corners
    assert max(height for _, height in corners) == 3


def test_above_twenty_lanes_the_first_are_shown_and_the_others_counted():
    names = [f"Processor {n}" for n in range(30)]
    picture = Timeline(run(names, [(name, 0, 1, 2, None) for name in names]))
    assert [label.get_text() for label in picture.axes[0].get_yticklabels()] == names[:MOST_ROWS]
    assert picture.axes[-1].get_xlabel() == "seconds (and 10 more lanes)"
    assert picture.get_suptitle().startswith("30 jobs, 30 processors: 1 s;")


@pytest.mark.parametrize("lanes", [0, 1, 5, 20, 30])
@pytest.mark.parametrize("error", [None, "ValueError: no"])
@pytest.mark.filterwarnings("error")  # a letter that the font does not have, a layout that does not fit
def test_every_picture_is_a_png_with_a_text_that_stands_for_it(lanes, error):
    names = [f"Processor {n}" for n in range(lanes)]
    picture = Timeline(run(names, [(name, 0, n, n + 1, error) for n, name in enumerate(names)]))
    shown = picture._repr_mimebundle_()
    assert set(shown) == {"image/png", "text/plain"}
    assert shown["image/png"].startswith(PNG)
    words = [f"{number} {word}{'s' * (number != 1)}" for number, word in ((lanes, "job"), (lanes, "processor"))]
    assert shown["text/plain"] == f"<Timeline: {', '.join(words)}>" or lanes == 0


@pytest.mark.parametrize("error", [None, "ValueError: no"])
def test_a_picture_of_ten_thousand_jobs_can_be_drawn(error):
    jobs = [(f"Processor {n % 5}", 0, n / 100, (n + 4) / 100, error) for n in range(10_000)]
    picture = Timeline(run([f"Processor {n}" for n in range(5)], jobs))
    assert picture._repr_mimebundle_()["image/png"].startswith(PNG)
    assert picture.get_suptitle().startswith("10000 jobs, 5 processors: 100 s;")


@pytest.mark.filterwarnings("error")
def test_a_thread_may_have_any_name():
    names = ["costs $5 or $6 \\frac", "<b>&", "", "_hidden", "P" * 200]
    picture = Timeline(run(names, [(name, None, 0, 1, None) for name in names]))
    assert picture._repr_mimebundle_()["image/png"].startswith(PNG)


def test_a_job_that_is_tried_again_is_a_failed_bar_and_later_another_and_the_title_counts_tries():
    record = run(["Processor 0", "Processor 1"], [("Processor 0", 0, 1, 2, "no"), ("Processor 1", None, 4, 5, None)])
    record.retries = True
    picture = Timeline(record)
    assert picture.get_suptitle() == "2 tries, 2 processors: 4 s; 1 failed"
    assert repr(picture) == "<Timeline: 2 tries, 2 processors>"
    assert bars(picture, PAPER) == [("Processor 0", 1, 2)]
    assert bars(picture, WORK) == [("Processor 1", 4, 5)]


def test_without_a_failure_there_is_a_try_for_each_job_and_they_are_called_jobs():
    record = run(["Processor 0"], [("Processor 0", 0, 1, 2, None)])
    record.retries = True
    assert title(record) == "1 job, 1 processor: 1 s"
