"""How long jobs wait: the formula against what is known, and the measurement against the formula."""

import math
import threading

import pytest

from luffy_lesson.classroom.experiments.sliders import Sliders
from luffy_lesson.classroom.experiments.waits import expected_wait, measured_wait


@pytest.mark.parametrize("busy", [0.1, 0.5, 0.9, 0.99])
def test_for_one_processor_it_is_the_textbooks_formula(busy):
    assert expected_wait(busy, 1, 1) == pytest.approx(busy / (1 - busy))


def test_it_is_the_value_of_the_tables_for_more():
    # Four Erlang on five servers: a call is delayed with a probability of 0.5541.
    assert expected_wait(4, 1, 5) == pytest.approx(0.5541, abs=1e-4)


def test_it_grows_with_the_length_of_a_job():
    assert expected_wait(40, 0.1, 5) == pytest.approx(expected_wait(4, 1, 5) / 10)


@pytest.mark.parametrize("per_second", [5, 6])
def test_more_than_can_be_done_waits_for_ever(per_second):
    assert math.isinf(expected_wait(per_second, 1, 5))


def test_what_is_measured_is_a_share_of_the_time_and_a_wait_that_grows_with_it():
    before = threading.active_count()
    busy, wait = measured_wait(per_second=200, seconds=0.002, processors=2, jobs=200)
    assert 0 < busy < 1
    crowded, long = measured_wait(per_second=10_000, seconds=0.002, processors=2, jobs=200)
    assert busy < crowded <= 1
    assert 0 <= wait < long
    assert threading.active_count() == before


def test_the_sliders_tell_what_follows_from_them():
    sliders = Sliders()
    sliders.tell()
    assert "4 · 1 = 4 jobs are in hand. 5 processors are busy 80% of the time" in sliders.answer
    sliders.per_second.value = 6
    assert "5 processors cannot do that" in sliders.answer
    sliders.processors.value = 12
    assert "busy 50% of the time" in sliders.answer
