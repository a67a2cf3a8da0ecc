"""A picture that moves: it is what was drawn, plays once, is small, and stands for itself where nothing moves."""

import io
import struct

import numpy
import pytest
from PIL import Image

from luffy_lesson.classroom.watch import apng as apng_module
from luffy_lesson.classroom.watch.apng import TRAVEL, coloured, draw
from luffy_lesson.classroom.watch.entry import Entry
from luffy_lesson.classroom.watch.journey import Journey

SHORT = Journey(
    [
        Entry(0, "started", processor="Processor 0"),
        Entry(0.2, "queued", "W(1)", number=3),
        Entry(0.5, "fetched", "W(1)", processor="Processor 0"),
        Entry(1.0, "done", "W(1)", processor="Processor 0"),
    ],
    step=5,
)


def frames(png):
    """The pictures, that for those who see none move first, and how many milliseconds each is shown."""
    image = Image.open(io.BytesIO(png))
    shown = []
    for number in range(image.n_frames):
        image.seek(number)
        shown.append((numpy.asarray(image.convert("RGB")), image.info.get("duration")))
    return shown


def picture(journey, at):
    drawn = draw(journey.map.draw(journey.scene(at), journey.said(at), journey.end, TRAVEL), 940, journey.map.height)
    return numpy.asarray(coloured(drawn).convert("RGB"))


def test_it_shows_what_was_drawn_and_the_last_picture_to_those_who_see_none_move():
    still, *moving = frames(SHORT.apng())
    assert sum(duration for _, duration in moving) == pytest.approx(1400, abs=150)
    assert numpy.array_equal(moving[0][0], picture(SHORT, 0))
    assert numpy.array_equal(moving[-1][0], picture(SHORT, 1 + TRAVEL))
    assert numpy.array_equal(still[0], moving[-1][0])
    number = 0
    for image, duration in moving:
        assert numpy.array_equal(image, picture(SHORT, number * 0.1))
        number += round(duration / 100)


def test_it_plays_once_in_sixteen_colours():
    png = SHORT.apng()
    place = png.index(b"acTL")
    assert struct.unpack(">II", png[place + 4 : place + 12])[1] == 1
    assert png[24:26] == bytes([4, 3])  # four bits a pixel, of a palette


def test_a_long_run_is_shown_in_ten_seconds_and_kept_small(monkeypatch):
    monkeypatch.setattr(apng_module, "LARGEST", 60_000)
    who = [("process 1", f"Processor {number % 3}") for number in range(40)]
    entries = [Entry(number / 2, "queued", "W(1)") for number in range(40)]
    entries += [Entry(number / 2, "fetched", "W(1)", *who[number]) for number in range(40)]
    entries += [Entry(number / 2 + 1, "done", "W(1)", *who[number]) for number in range(40)]
    run = Journey(entries, 5)
    png = apng_module.animate(
        lambda at, travel: run.map.draw(run.scene(at), run.said(at), run.end, travel), run.end, 940, run.map.height, 40
    )
    assert len(png) <= 60_000
    _, *moving = frames(png)
    assert 10 < len(moving) < 40
    assert sum(duration for _, duration in moving) == pytest.approx(10_000, rel=0.1)


def test_of_very_many_jobs_there_are_few_pictures():
    entries = [Entry(0, "queued", "W(1)", number=20_000), *[Entry(at, "fetched", "W(1)") for at in range(9)]]
    assert len(frames(Journey(entries, 5).apng())) == 1 + 5


def test_a_run_of_nothing_is_a_picture():
    assert len(frames(Journey([]).apng())) >= 1


def test_the_same_journey_gives_the_same_picture():
    assert SHORT.apng() == Journey(SHORT.entries, 5).apng()


def test_what_is_too_large_with_one_picture_is_shown_all_the_same(monkeypatch):
    monkeypatch.setattr(apng_module, "LARGEST", 1)
    assert len(frames(SHORT.apng())) == 2
