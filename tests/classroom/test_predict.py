"""Predictions: what was chosen, beside what happened."""

import pytest
from real_kernel import Kernel

from luffy_lesson.classroom import predict, stopwatch
from luffy_lesson.classroom.predict import Prediction


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


def test_a_notebook_shows_the_widget_and_a_text_that_stands_for_it():
    kernel = Kernel()
    try:
        kernel.run("from luffy_lesson.classroom import predict\nguess = predict('1 s', '5 s')")
        (shown,) = [message["content"] for message in kernel.messages if message["msg_type"] == "display_data"]
        assert shown["data"]["text/plain"] == "Your prediction (run the cell to choose): 1 s, 5 s."
        assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    finally:
        kernel.close()
