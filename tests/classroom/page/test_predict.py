"""Predictions: what was chosen, beside what happened."""

import pytest
from real_kernel import Kernel

from luffy_lesson.classroom import predict, stopwatch
from luffy_lesson.classroom.page.display import HINT, WIDGET
from luffy_lesson.classroom.page.predict import Prediction


@pytest.mark.parametrize(
    ("chosen", "happened", "line"),
    [
        (None, "5 s", "You have not chosen. It was: 5 s\n"),
        ("5 s", "5 s", "You said: 5 s. It was: 5 s. ✓\n"),
        ("1 s", "5 s", "You said: 1 s. It was: 5 s. ✗\n"),
    ],
)
def test_what_was_chosen_is_printed_beside_what_happened(capsys, chosen, happened, line):
    prediction = Prediction("1 s", "5 s")
    prediction.choice.value = chosen
    prediction.compare(happened)
    assert capsys.readouterr().out == line


def test_a_number_and_a_stopwatch_are_compared_as_they_are_shown(capsys):
    prediction = Prediction("0 s", "5")
    prediction.choice.value = "5"
    prediction.compare(5)
    with stopwatch() as time_taken:
        pass
    prediction.choice.value = "0 s"
    prediction.compare(time_taken)
    assert capsys.readouterr().out == "You said: 5. It was: 5. ✓\n0 s\nYou said: 0 s. It was: 0 s. ✓\n"


def test_nothing_is_chosen_at_first_and_outside_a_notebook_nothing_is_shown(capsys):
    assert predict("1", "2").said is None
    assert capsys.readouterr().out == ""


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel()
    kernel.run("from luffy_lesson.classroom import predict")
    yield kernel
    kernel.close()


@pytest.fixture
def shows(kernel):
    """Run a cell, and return what it displays, and to what it changes what was displayed before."""

    def run(code):
        kernel.messages.clear()
        kernel.run(code)
        kinds = ("display_data", "update_display_data")
        return [message["content"] for message in kernel.messages if message["msg_type"] in kinds]

    return run


def test_a_notebook_shows_the_widget_and_what_stands_for_it(shows):
    (shown,) = shows("guess = predict('1 s', '<5> s')")
    assert set(shown["data"]) == {"text/html", "text/plain", WIDGET}
    assert "I say:  ○ 1 s  ○ &lt;5&gt; s" in shown["data"]["text/html"]
    assert shown["data"]["text/plain"] == f"I say:  ○ 1 s  ○ <5> s\n{HINT}"
    assert "pip install ipywidgets" in HINT


def test_what_was_chosen_stays_in_the_notebook_without_a_widget(shows):
    (shown,) = shows("guess = predict('1 s', '<5> s')")
    (kept,) = shows("guess.choice.value = '<5> s'; guess.compare('1 s')")
    assert kept["transient"] == shown["transient"]
    assert kept["data"] == {
        "text/html": '<div style="white-space:pre-wrap">I say:  ○ 1 s  ● &lt;5&gt; s</div>',
        "text/plain": "I say:  ○ 1 s  ● <5> s",
    }


def test_where_nothing_was_chosen_what_stands_for_the_widget_stays(shows):
    (shown,) = shows("guess = predict('1 s', '5 s')")
    (kept,) = shows("guess.compare('1 s')")
    del shown["data"][WIDGET]
    assert kept["data"] == shown["data"]
